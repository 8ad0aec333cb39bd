"""Rows of the prepared corpus and its evaluation dialogues."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sunwi.records.row import EvalId, Identifier, Row


class Document(Row):
    """prepared/corpus.jsonl: one passage; `parent` is the docid that a chunk came from."""

    docid: Identifier
    content: Identifier
    title: str | None = None
    src: str | None = None
    parent: str | None = None

    def sort_key(self) -> tuple[str]:
        return (self.docid,)

    @property
    def document_id(self) -> str:
        """The document that judges see: the parent of a chunk, else the passage itself."""
        return self.parent or self.docid

    @property
    def text(self) -> str:
        """What is indexed: the title, if any, and the content."""
        return f"{self.title}\n{self.content}" if self.title else self.content


class Message(Row):
    """One turn of a dialogue."""

    role: Literal["user", "assistant", "system"]
    content: str


class Query(Row):
    """prepared/queries.jsonl: one evaluation dialogue; its last turn is the user's."""

    eval_id: EvalId
    messages: Annotated[list[Message], Field(min_length=1)]

    def sort_key(self) -> tuple[bool, int | str]:
        return (isinstance(self.eval_id, str), self.eval_id)

    @property
    def qid(self) -> str:
        """The id as it is written in qrels and run files."""
        return str(self.eval_id)
