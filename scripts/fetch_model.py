"""Makes the default model's folder; its data is fetched where the wheel has no build."""

from __future__ import annotations

import sys

from sunwi.errors import SunwiError
from sunwi.models.builtin import builtin_folder

try:
    print(f"the default model is in {builtin_folder()}")
except SunwiError as error:
    sys.exit(str(error))
