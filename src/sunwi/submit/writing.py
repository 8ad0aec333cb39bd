"""A submission's files: competition lines (.jsonl and the same as .csv), TREC run, lineage."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from sunwi.records import canonical_json, write_lines, write_rows
from sunwi.submit.building import Submission
from sunwi.trec import write_run


def write_submission(submission: Submission, folder: Path, name: str) -> None:
    """Write NAME.jsonl, NAME.csv, NAME.run and NAME.lineage.jsonl, each atomically."""
    write_rows(folder / f"{name}.jsonl", submission.rows)
    rows = sorted(submission.rows, key=lambda row: row.sort_key())
    # The competition wants JSON lines in a file that is called .csv.
    write_lines(folder / f"{name}.csv", (canonical_json(row.model_dump()) for row in rows))
    write_run(folder / f"{name}.run", submission.run, name)
    write_rows(folder / f"{name}.lineage.jsonl", submission.lineage)


def remove_strays(folder: Path, names: Collection[str]) -> list[str]:
    """Delete the files of variants that are no longer declared; return their names.

    The score stage depends on the whole folder: a left-over file would make its hash differ from that of
    a fresh clone.
    """
    strays = [path for path in sorted(folder.iterdir()) if path.name.split(".")[0] not in {"", *names}]
    for path in strays:
        path.unlink()
    return [path.name for path in strays]
