"""`sunwi scores`: the table of the last scoring."""

from __future__ import annotations

from math import isfinite
from typing import Any

from sunwi.cli.terminal import echo
from sunwi.paths import METRICS

SCORES = METRICS / "scores.json"


def scores() -> None:
    """Show the variants of metrics/scores.json, best first."""
    from sunwi.errors import DataError
    from sunwi.records.files import read_json
    from sunwi.score.markdown import markdown_table

    if not SCORES.exists():
        raise DataError(f"there is no {SCORES}", "run dvc repro (or make repro) in the project's folder")
    summary = read_json(SCORES)
    try:
        table = markdown_table(summary) if all(map(_is_row, summary.values())) else None
    except (AttributeError, KeyError):  # it has another form
        table = None
    if table is None:
        what = f"{SCORES} is not the table that the stage score writes: variants with numbers"
        raise DataError(what, "run dvc repro score, which writes it again")
    echo(table)


def _is_row(values: Any) -> bool:
    """Whether these are the numbers of a variant."""
    return isinstance(values, dict) and all(
        isinstance(value, int | float) and isfinite(value) for value in values.values()
    )
