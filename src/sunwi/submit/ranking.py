"""One query's documents in order, each with the score that put it there and how it came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from sunwi.records.row import EvalId, Row

Evidence: TypeAlias = Mapping[str, float | int | str | None]

SPREAD_DEPTH = 10  # places whose scores set the scale of a gap


@dataclass(frozen=True, slots=True)
class RankedDocument:
    """A document at its place.

    Attributes
    ----------
    docid
        The document that is submitted.
    passage
        The docid of the chunk that stands for it: the best one that was found, or the document itself.
    score
        What the last stage that scored it gave; None below that stage's depth.
    evidence
        Scores and ranks of every stage, for the lineage.
    """

    docid: str
    passage: str
    score: float | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Ranking:
    """Places best first, and the fallbacks that were taken on the way, in words."""

    places: list[RankedDocument]
    fallbacks: list[str] = field(default_factory=list)

    @property
    def docids(self) -> list[str]:
        """Documents, best first."""
        return [place.docid for place in self.places]

    def with_note(self, note: str) -> Ranking:
        """The same places with one more fallback."""
        return replace(self, fallbacks=[*self.fallbacks, note])

    def reordered(self, docids: Sequence[str], note: Evidence | None = None) -> Ranking:
        """These documents first, in the order given, then the others in theirs; all get the note.

        Raises
        ------
        KeyError
            If a docid is not in the ranking.
        """
        by_id = {place.docid: place for place in self.places}
        head = [replace(by_id[docid], evidence={**by_id[docid].evidence, **(note or {})}) for docid in docids]
        chosen = set(docids)
        return replace(self, places=head + [place for place in self.places if place.docid not in chosen])


def gap(ranking: Ranking, docid: str) -> float | None:
    """How far a document lies behind the first: share of the scores' spread over the first ten, 0 to 1.

    A share has the same meaning whatever the scores' unit is. None if either document or all but one of
    the first ten have no score, or the document is not among them.

    Examples
    --------
    >>> scores = (("a", 9.0), ("b", 8.0), ("c", 4.0))
    >>> places = [RankedDocument(docid, docid, score, {}) for docid, score in scores]
    >>> gap(Ranking(places), "b")
    0.2
    """
    scored = {place.docid: place.score for place in ranking.places[:SPREAD_DEPTH] if place.score is not None}
    if docid not in scored or len(scored) < 2 or ranking.places[0].docid not in scored:
        return None
    first = scored[ranking.places[0].docid]
    spread = first - min(scored.values())
    return (first - scored[docid]) / spread if spread > 0 else 0.0


class RankingRow(Row):
    """rankings/NAME.jsonl: what other variants read; `scores` belong to the first docids alone."""

    eval_id: EvalId
    docids: list[str]
    passages: list[str]
    scores: list[float]

    def sort_key(self) -> tuple[bool, int | str]:
        return (isinstance(self.eval_id, str), self.eval_id)


def to_row(eval_id: int | str, ranking: Ranking) -> RankingRow:
    """A ranking as it is written; scores stop at the first place without one."""
    scores: list[float] = []
    for place in ranking.places:
        if place.score is None:
            break
        scores.append(place.score)
    passages = [place.passage for place in ranking.places]
    return RankingRow(eval_id=eval_id, docids=ranking.docids, passages=passages, scores=scores)


def from_row(row: RankingRow) -> Ranking:
    """A ranking as it is read back, without evidence."""
    scores: list[float | None] = [*row.scores, *[None] * (len(row.docids) - len(row.scores))]
    return Ranking(
        [
            RankedDocument(docid, passage, score, {})
            for docid, passage, score in zip(row.docids, row.passages, scores, strict=True)
        ]
    )
