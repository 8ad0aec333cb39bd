"""Rows of mined negatives and candidate lists."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sunwi.records.row import Identifier, Provenance, Row, Split


class MinedRow(Row):
    """mined/train.jsonl: FlagEmbedding reads it as it is; ids, teacher scores and provenance beside it."""

    qid: Identifier
    query: Identifier
    pos: Annotated[list[str], Field(min_length=1)]
    neg: list[str]
    pos_ids: list[str]
    neg_ids: list[str]
    pos_scores: list[float]
    neg_scores: list[float]
    provenance: list[Provenance]

    def sort_key(self) -> tuple[str]:
        return (self.qid,)


class Candidate(Row):
    """One passage of a candidate list with its components' scores."""

    docid: str
    score: float
    label: int
    components: dict[str, float]


class CandidateList(Row):
    """mined/pairs.jsonl: the retriever's pool for one labelled question, best first."""

    qid: Identifier
    query: str
    split: Split
    style: str
    overlap: float
    positive_rank: int | None = None
    candidates: list[Candidate]

    def sort_key(self) -> tuple[str]:
        return (self.qid,)


class Triplet(Row):
    """mined/triplets.jsonl, an export (docs/reranker.md): a positive and a negative of a train question."""

    id: Identifier
    query: str
    positive: str
    negative: str

    def sort_key(self) -> tuple[str]:
        return (self.id,)
