"""Rows of understood queries, submissions and their lineage."""

from __future__ import annotations

from pydantic import Field

from sunwi.records.row import EvalId, Row


class UnderstoodQuery(Row):
    """queries/understood.jsonl: what a dialogue asks for; `source` names the path that decided."""

    eval_id: EvalId
    standalone_query: str
    needs_retrieval: bool
    variants: list[str] = Field(default_factory=list)
    hypothetical_document: str = ""
    source: str

    def sort_key(self) -> tuple[bool, int | str]:
        return (isinstance(self.eval_id, str), self.eval_id)

    @property
    def qid(self) -> str:
        """The id as it is written in qrels and run files."""
        return str(self.eval_id)


class SubmissionRow(Row):
    """submissions/NAME.jsonl: the competition's line."""

    eval_id: EvalId
    standalone_query: str
    topk: list[str]
    answer: str = ""
    references: list[str] = Field(default_factory=list)

    def sort_key(self) -> tuple[bool, int | str]:
        return (isinstance(self.eval_id, str), self.eval_id)


class LineageRow(Row):
    """submissions/NAME.lineage.jsonl: how each candidate of a query got its place."""

    eval_id: EvalId
    standalone_query: str
    needs_retrieval: bool
    reason: str
    candidates: list[dict[str, float | int | str | None]]
    fallbacks: list[str] = Field(default_factory=list)

    def sort_key(self) -> tuple[bool, int | str]:
        return (isinstance(self.eval_id, str), self.eval_id)
