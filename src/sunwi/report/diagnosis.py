"""What every variant did to every query: notes on failures, first places after each step."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sunwi.records.files import read_rows
from sunwi.records.submissions import LineageRow, SubmissionRow
from sunwi.report.failures import FailureNote, failure_notes
from sunwi.report.stage_hits import stage_hits
from sunwi.score.per_query import read_per_query


@dataclass(frozen=True, slots=True)
class Submitted:
    """One variant's rows, and query id -> rank of the first relevant document in its deep run."""

    lineage: Sequence[LineageRow]
    rows: Sequence[SubmissionRow]
    ranks: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Failure notes by variant and query; rows of `stage_hits.COLUMNS`."""

    notes: list[FailureNote]
    hits: list[dict[str, str | float]]

    def failed(self, variant: str) -> set[str]:
        """Ids of the queries that fail in a variant."""
        return {str(note.eval_id) for note in self.notes if note.variant == variant}


def read_submitted(folders: Mapping[str, Path], per_query: Path) -> dict[str, Submitted]:
    """Variants, each from its folder of submissions, with the ranks of the table that `score` wrote."""
    ranks = read_per_query(per_query.read_text("utf-8"), str(per_query)).rank
    return {
        name: Submitted(
            read_rows(folder / f"{name}.lineage.jsonl", LineageRow),
            read_rows(folder / f"{name}.jsonl", SubmissionRow),
            ranks.get(name, {}),
        )
        for name, folder in folders.items()
    }


def diagnose(
    submitted: Mapping[str, Submitted],
    relevant: Mapping[str, Collection[str]],
    better_read: Collection[str],
    texts: Mapping[str, str],
    cutoff: int,
) -> Diagnosis:
    """Go through the variants by name; without labels nothing is known to have failed.

    Parameters
    ----------
    relevant, better_read, texts, cutoff
        As `failure_notes` has them.
    """
    diagnosis = Diagnosis([], [])
    for name, variant in sorted(submitted.items()):
        if relevant:
            topk = {str(row.eval_id): row.topk for row in variant.rows}
            diagnosis.notes.extend(
                failure_notes(
                    name, variant.lineage, topk, relevant, variant.ranks, better_read, texts, cutoff
                )
            )
        diagnosis.hits.extend(stage_hits(name, variant.lineage, relevant))
    return diagnosis
