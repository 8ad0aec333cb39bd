"""Rows of the prepared corpus and its evaluation dialogues."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, field_validator

from sunwi.records.row import EvalId, Identifier, Row


class Place(Row):
    """Where a passage stands in a file.

    `page` counts from 1, `part` names the sheet or slide, `headings` are those above the passage, highest
    first. `start` and `end` are characters of the file's text (`documents.passages.cutting`).
    """

    file: Identifier
    page: PositiveInt | None = None
    part: str | None = None
    headings: tuple[str, ...] = ()
    start: NonNegativeInt | None = None
    end: NonNegativeInt | None = None

    @property
    def label(self) -> str:
        """In one line, for people.

        Examples
        --------
        >>> Place(file="안내서.hwp", page=3, headings=("보증", "보증 한도")).label
        '안내서.hwp, p. 3, 보증 > 보증 한도'
        """
        page = f"p. {self.page}" if self.page is not None else None
        part = self.part if self.part not in self.headings else None
        return ", ".join(filter(None, (self.file, page, part, " > ".join(self.headings))))


class Document(Row):
    """prepared/corpus.jsonl: one passage; `parent` is the docid that a chunk came from.

    `source` says where it stands in the file that it was read from; a name of a file alone may be given too.
    """

    docid: Identifier
    content: Identifier
    title: str | None = None
    src: str | None = None
    parent: str | None = None
    source: Place | None = None

    @field_validator("source", mode="before")
    @classmethod
    def _file_alone(cls, value: Any) -> Any:
        return {"file": value} if isinstance(value, str) and value else value or None

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
