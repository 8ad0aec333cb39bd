"""Rows of failure notes and of what is made of them."""

from __future__ import annotations

from sunwi.records.row import Identifier, Row, Split


class Failure(Row):
    """mined/failures.jsonl: a labelled question whose passage is not first, and what beat it.

    `margin` and `margins` are how far the beating passage is ahead: of the blend, and of each scorer.
    """

    qid: Identifier
    query: str
    split: Split
    documents: list[str]
    positive: str
    positive_rank: int | None = None
    beaten_by: str
    category: str
    margin: float
    margins: dict[str, float]
    positive_text: str
    beating_text: str

    def sort_key(self) -> tuple[str]:
        return (self.qid,)


class AugmentedFailure(Row):
    """mined/augmented.jsonl: a question to train on, with its positive and its negatives.

    `source` names the failure that it stems from; a negative without a docid was written by an LLM.
    """

    qid: Identifier
    source: Identifier
    query: Identifier
    positive: str
    negatives: list[dict[str, str | None]]
    generator: str

    def sort_key(self) -> tuple[str]:
        return (self.qid,)
