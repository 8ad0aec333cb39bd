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
    document_id
        The document that is submitted: a chunk's parent, or the passage itself.
    docid
        Its best passage that was found.
    score
        What the last stage that scored it gave; None below that stage's depth.
    evidence
        Scores and ranks of every stage, for the lineage.
    """

    document_id: str
    docid: str
    score: float | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Ranking:
    """Places best first, and the fallbacks that were taken on the way, in words."""

    places: list[RankedDocument]
    fallbacks: list[str] = field(default_factory=list)

    @property
    def document_ids(self) -> list[str]:
        """Documents, best first."""
        return [place.document_id for place in self.places]

    def with_note(self, note: str) -> Ranking:
        """The same places with one more fallback."""
        return replace(self, fallbacks=[*self.fallbacks, note])

    def reordered(self, document_ids: Sequence[str], note: Evidence | None = None) -> Ranking:
        """These documents first, in the order given, then the others in theirs; all get the note.

        Raises
        ------
        KeyError
            If a document_id is not in the ranking.
        """
        by_id = {place.document_id: place for place in self.places}
        head = [
            replace(by_id[document_id], evidence={**by_id[document_id].evidence, **(note or {})})
            for document_id in document_ids
        ]
        chosen = set(document_ids)
        return replace(
            self, places=head + [place for place in self.places if place.document_id not in chosen]
        )


def gap(ranking: Ranking, document_id: str) -> float | None:
    """How far a document lies behind the first: share of the scores' spread over the first ten, 0 to 1.

    A share has the same meaning whatever the scores' unit is. None if either document or all but one of
    the first ten have no score, or the document is not among them.

    Examples
    --------
    >>> scores = (("a", 9.0), ("b", 8.0), ("c", 4.0))
    >>> places = [RankedDocument(document_id, document_id, score, {}) for document_id, score in scores]
    >>> gap(Ranking(places), "b")
    0.2
    """
    scored = {
        place.document_id: place.score for place in ranking.places[:SPREAD_DEPTH] if place.score is not None
    }
    if document_id not in scored or len(scored) < 2 or ranking.places[0].document_id not in scored:
        return None
    first = scored[ranking.places[0].document_id]
    spread = first - min(scored.values())
    return (first - scored[document_id]) / spread if spread > 0 else 0.0


class RankingRow(Row):
    """rankings/NAME.jsonl: what other variants read; `scores` belong to the first documents alone.

    In this file `docids` are the documents, and `passages` the docids of their best passages.
    """

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
    passages = [place.docid for place in ranking.places]
    return RankingRow(eval_id=eval_id, docids=ranking.document_ids, passages=passages, scores=scores)


def from_row(row: RankingRow) -> Ranking:
    """A ranking as it is read back, without evidence."""
    scores: list[float | None] = [*row.scores, *[None] * (len(row.docids) - len(row.scores))]
    return Ranking(
        [
            RankedDocument(document_id, passage, score, {})
            for document_id, passage, score in zip(row.docids, row.passages, scores, strict=True)
        ]
    )
