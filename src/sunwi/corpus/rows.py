"""Row types of the corpus layer beside those of `sunwi.records`."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import Field

from sunwi.records.row import Identifier, Row


class GivenQuestion(Row):
    """questions.jsonl: a question that somebody else wrote for a document; `source` says who.

    Its id is (docid, question). The docid is that of the source: a document that `prepare` cut
    into chunks is named by its own docid, the chunks' `parent`.
    """

    docid: Identifier
    question: Identifier
    source: Identifier = "given"

    def sort_key(self) -> tuple[str, str]:
        return (self.docid, self.question)


class DuplicatePair(Row):
    """duplicates.jsonl: `docid` repeats `duplicate_of`, which sorts before it.

    `similarity` is the Jaccard index of the character 5-grams; 1.0 is an exact copy up to spaces,
    punctuation and case. Every exact copy points to the first of its kind, and only the first of a kind
    has near-duplicates, so that n copies are n - 1 rows (`duplicates.copies_of` answers for all).
    """

    docid: Identifier
    duplicate_of: Identifier
    similarity: Annotated[float, Field(gt=0, le=1)]

    def sort_key(self) -> tuple[str, str]:
        return (self.docid, self.duplicate_of)


class Judgement(NamedTuple):
    """One row of qrels."""

    qid: str
    docid: str
    grade: int
