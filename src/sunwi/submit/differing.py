"""What changed between two submissions: first places, topk sets, and what it was worth where judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sunwi.errors import DataError
from sunwi.records.submissions import SubmissionRow
from sunwi.score.competition_map import competition_average_precision
from sunwi.score.relevance import relevant_documents
from sunwi.trec import Qrels


@dataclass(frozen=True, slots=True)
class Change:
    """One query whose topk differs; average precision (the competition's) is None without judgements."""

    qid: str
    query: str
    before: list[str]
    after: list[str]
    before_precision: float | None
    after_precision: float | None

    @property
    def first_changed(self) -> bool:
        """Whether the first place differs."""
        return self.before[:1] != self.after[:1]

    @property
    def gain(self) -> float | None:
        """Average precision after less before."""
        if self.before_precision is None or self.after_precision is None:
            return None
        return self.after_precision - self.before_precision


def changes(
    before: Sequence[SubmissionRow], after: Sequence[SubmissionRow], qrels: Qrels, cutoff: int
) -> list[Change]:
    """The queries whose topk differs, changed first places first, then by id.

    Raises
    ------
    DataError
        If the two are of different queries.
    """
    old, new = _by_id(before), _by_id(after)
    if differing := sorted(old.keys() ^ new.keys()):
        what = f"{len(differing)} queries are in only one of the two submissions: {', '.join(differing[:20])}"
        raise DataError(what, "compare submissions for the same queries")
    relevant = relevant_documents(qrels)

    def precision(qid: str, topk: Sequence[str]) -> float | None:
        return competition_average_precision(relevant.get(qid, ()), topk, cutoff) if qrels else None

    changes = [
        Change(
            qid,
            new[qid].standalone_query,
            old[qid].topk,
            new[qid].topk,
            precision(qid, old[qid].topk),
            precision(qid, new[qid].topk),
        )
        for qid in old
        if old[qid].topk != new[qid].topk
    ]
    return sorted(changes, key=lambda change: not change.first_changed)  # stable: ids keep their order


def _by_id(rows: Sequence[SubmissionRow]) -> Mapping[str, SubmissionRow]:
    return {str(row.eval_id): row for row in rows}
