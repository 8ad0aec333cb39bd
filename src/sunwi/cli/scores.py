"""`sunwi scores`: the table of the last scoring."""

from __future__ import annotations

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
    echo(markdown_table(read_json(SCORES)))
