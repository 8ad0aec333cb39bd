"""A plot's data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sunwi.records.files import write_lines


def write_curve(
    path: Path, rows: Sequence[dict[str, float]], empty: Sequence[str] = ("step", "loss")
) -> None:
    """Rows as CSV, columns by name; without rows, the columns that the plot reads."""
    head = sorted({key for row in rows for key in row}) or list(empty)
    lines = (",".join(str(row.get(key, "")) for key in head) for row in rows)
    write_lines(path, [",".join(head), *lines])
