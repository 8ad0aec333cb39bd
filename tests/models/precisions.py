"""What this CPU cannot do is skipped with its reason."""

from __future__ import annotations

import pytest

from sunwi.models.cpu.support import cpu_support
from sunwi.models.precision import Precision


def skip_without(precision: Precision) -> None:
    if precision in {"bfloat16", "int8"} and (refusal := cpu_support().refusal(precision)):  # type: ignore[arg-type]
        pytest.skip(refusal[0])
