"""A submission's files: competition lines (.jsonl and the same as .csv), TREC run, lineage, ranking."""

from __future__ import annotations

from pathlib import Path

from sunwi.records.files import canonical_json, read_rows, write_lines, write_rows
from sunwi.records.ranking import Ranking, RankingRow, from_row
from sunwi.submit.finishing import Submission
from sunwi.trec import write_run


def write_submission(submission: Submission, folder: Path, name: str) -> None:
    """Write NAME.jsonl, NAME.csv, NAME.run and NAME.lineage.jsonl, each atomically."""
    write_rows(folder / f"{name}.jsonl", submission.rows)
    rows = sorted(submission.rows, key=lambda row: row.sort_key())
    # The competition wants JSON lines in a file that is called .csv.
    write_lines(folder / f"{name}.csv", (canonical_json(row.model_dump()) for row in rows))
    write_run(folder / f"{name}.run", submission.run, name)
    write_rows(folder / f"{name}.lineage.jsonl", submission.lineage)


def write_ranking(submission: Submission, folder: Path, name: str) -> None:
    """Write NAME.jsonl, which combinations of variants read."""
    write_rows(folder / f"{name}.jsonl", submission.rankings)


def read_ranking(folder: Path, name: str) -> dict[str, Ranking]:
    """Query id to ranking of one variant."""
    return {str(row.eval_id): from_row(row) for row in read_rows(folder / f"{name}.jsonl", RankingRow)}
