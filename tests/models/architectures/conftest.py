"""A record of the largest differences, for docs/results/architectures.md."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def report_difference() -> Callable[[str, str, str, float], None]:
    """Append one row to the file of SUNWI_ARCHITECTURES, if that is set."""

    def report(name: str, kind: str, what: str, difference: float) -> None:
        if path := os.environ.get("SUNWI_ARCHITECTURES"):
            with Path(path).open("a", encoding="utf-8") as out:
                out.write(json.dumps([name, kind, what, difference]) + "\n")

    return report
