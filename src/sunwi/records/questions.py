"""Rows of synthetic questions, kept and refused."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sunwi.records.row import Identifier, Row, Split


class Question(Row):
    """qa/questions.jsonl: a synthetic question for one passage.

    `overlap` is the share of the question's distinct morphemes that its passage has, 0 to 1. `also` are the
    other passages of its split that the same question came for: they answer it as well.
    """

    qid: Identifier
    docid: Identifier
    question: Identifier
    style: str
    generator: str
    split: Split
    overlap: Annotated[float, Field(ge=0, le=1)]
    also: list[Identifier] | None = None
    checks: dict[str, float | int | str | None] = Field(default_factory=dict)

    def sort_key(self) -> tuple[str]:
        return (self.qid,)


class IndexQuestion(Row):
    """qa/index_questions.jsonl: a question that serves search alone; it never trains and is never dev.

    `is_evaluation_lookalike` marks one that an evaluation filter keeps from training.
    """

    qid: Identifier
    docid: Identifier
    question: Identifier
    generator: str
    is_evaluation_lookalike: bool = False

    def sort_key(self) -> tuple[str]:
        return (self.qid,)


class RejectedQuestion(Row):
    """qa/rejected.jsonl: a question that a filter refused, with the reason and the values that decided."""

    qid: Identifier
    docid: Identifier
    question: str
    style: str
    generator: str
    reason: Identifier
    checks: dict[str, float | int | str | None] = Field(default_factory=dict)

    def sort_key(self) -> tuple[str]:
        return (self.qid,)


class Context(Row):
    """A run of sentences of a passage, and the passage's rank for the question."""

    docid: Identifier
    context: str
    rank: Annotated[int, Field(ge=1)]


class DevContexts(Row):
    """qa/dev_contexts.jsonl: a dev question with its ideal context and hard-negative contexts."""

    qid: Identifier
    question: Identifier
    docid: Identifier
    context: str
    negatives: list[Context]

    def sort_key(self) -> tuple[str]:
        return (self.qid,)
