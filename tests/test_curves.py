"""Plots' data: columns by name, and a head that the plot can read where nothing was trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from sunwi.records.curves import write_curve


@pytest.mark.parametrize(
    ("rows", "columns", "text"),
    [
        ([], None, "step,loss\n"),
        ([], ("step", "ndcg"), "step,ndcg\n"),
        ([{"step": 1, "loss": 0.5}, {"step": 2, "loss": 0.25}], None, "loss,step\n0.5,1\n0.25,2\n"),
        ([{"step": 1}, {"step": 2, "dev": 0.5}], ("step", "ndcg"), "dev,step\n,1\n0.5,2\n"),
    ],
)
def test_a_curve_is_a_table(tmp_path: Path, rows, columns, text: str) -> None:
    path = tmp_path / "plots" / "curve.csv"
    write_curve(path, rows) if columns is None else write_curve(path, rows, columns)
    assert path.read_bytes() == text.encode()
