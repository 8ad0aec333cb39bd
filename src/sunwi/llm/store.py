"""Recorded answers: the row cache "llm", one row an answer, committed when it arrives."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Annotated

from pydantic import Field

from sunwi.cache import RowCache
from sunwi.cache_file import RowKind
from sunwi.llm.answer import Answer, AnswerStatus
from sunwi.llm.wire import FAULTS
from sunwi.records.row import Row

Tokens = Annotated[int, Field(ge=0)]


class RecordedAnswer(Row):
    """One answer of the store, and one line of an exported file."""

    key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    task: Annotated[str, Field(min_length=1)]
    model: Annotated[str, Field(min_length=1)]
    served_by: str
    status: AnswerStatus
    finish: str
    text: str
    tokens_in: Tokens | None
    tokens_out: Tokens | None

    def sort_key(self) -> tuple[str]:
        return (self.key,)

    @property
    def is_fault(self) -> bool:
        """An older reader took a gateway's fault for an answer: the row is asked again."""
        return self.finish.lower() in FAULTS or self.finish == "no choices"

    def to_bytes(self) -> bytes:
        """Canonical JSON of all but the key."""
        values = self.model_dump(exclude={"key"})
        return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, key: str, value: bytes) -> RecordedAnswer:
        """The row as it was recorded.

        Raises
        ------
        ValueError
            If the bytes are no recorded answer, that is, the file is damaged.
        """
        values = json.loads(value)
        if not isinstance(values, dict):
            raise ValueError("expected a JSON object")
        return cls.model_validate({**values, "key": key})

    @classmethod
    def is_row(cls, key: str, value: bytes) -> bool:
        """Whether the bytes are a recorded answer."""
        with suppress(ValueError):
            return bool(cls.from_bytes(key, value))
        return False


ROWS = RowKind(
    RecordedAnswer.is_row,
    checked_at_opening=True,
    if_lost="Answers that are missing are requested again. Next: if you have a file of `sunwi cache export`, "
    "`sunwi cache import FILE` before the next run",
)


class AnswerStore:
    """Answers by request key, in `folder` or the project's cache folder; safe with several processes.

    Two processes that ask for the same row at the same moment both pay for it; the first answer that
    is recorded counts for both. A damaged file is reported on stderr, set aside, and rebuilt from the
    answers that can be read (`sunwi.cache_file`).
    """

    NAME = "llm"

    def __init__(self, folder: Path | None = None) -> None:
        self._rows = RowCache(self.NAME, folder, ROWS)

    def get_many(self, keys: Sequence[str]) -> dict[str, RecordedAnswer]:
        """The recorded answers of those keys that have one."""
        rows = (
            (key, RecordedAnswer.from_bytes(key, value)) for key, value in self._rows.get_many(keys).items()
        )
        return {key: row for key, row in rows if not row.is_fault}

    def record(self, key: str, task: str, model: str, answer: Answer) -> RecordedAnswer:
        """Keep an answer; it outlives the process from now on. What counts is returned."""
        row = RecordedAnswer(key=key, task=task, model=model, **asdict(answer))
        first = RecordedAnswer.from_bytes(key, self._rows.put_first(key, row.to_bytes()))
        if not first.is_fault:
            return first
        self.put_many([row])
        return row

    def put_many(self, rows: Sequence[RecordedAnswer]) -> None:
        """Keep rows, all or none, in place of what their keys had."""
        self._rows.put_many((row.key, row.to_bytes()) for row in rows)

    def __iter__(self) -> Iterator[RecordedAnswer]:
        return (RecordedAnswer.from_bytes(key, value) for key, value in self._rows.items())

    def __len__(self) -> int:
        return len(self._rows)

    def __enter__(self) -> AnswerStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.close()
