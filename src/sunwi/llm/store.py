"""Recorded answers: the row cache "llm", one row an answer, committed when it arrives."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Annotated, TypeVar

from pydantic import Field

from sunwi.cache import RowCache
from sunwi.llm.answer import Answer, AnswerStatus
from sunwi.llm.damage import is_damage, open_undamaged
from sunwi.llm.wire import FAULTS
from sunwi.records.row import Row
from sunwi.runtime import cache_dir

T = TypeVar("T")

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


class AnswerStore:
    """Answers by request key, in `folder` or the project's cache folder; safe with several processes.

    Two processes that ask for the same row at the same moment both pay for it; the first answer that
    is recorded counts for both. A damaged file is reported on stderr, set aside, and rebuilt from the
    answers that can be read (`sunwi.llm.damage`).
    """

    NAME = "llm"

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or cache_dir()
        self._open()

    def get_many(self, keys: Sequence[str]) -> dict[str, RecordedAnswer]:
        """The recorded answers of those keys that have one."""
        rows = self._read(lambda cache: _decoded(cache.get_many(keys).items()))
        return {key: row for key, row in rows.items() if not row.is_fault}

    def record(self, key: str, task: str, model: str, answer: Answer) -> RecordedAnswer:
        """Keep an answer; it outlives the process from now on. What counts is returned."""
        row = RecordedAnswer(key=key, task=task, model=model, **asdict(answer))
        first = self._read(lambda rows: RecordedAnswer.from_bytes(key, rows.put_first(key, row.to_bytes())))
        if not first.is_fault:
            return first
        self.put_many([row])
        return row

    def put_many(self, rows: Sequence[RecordedAnswer]) -> None:
        """Keep rows, all or none, in place of what their keys had."""
        self._read(lambda cache: cache.put_many((row.key, row.to_bytes()) for row in rows))

    def __iter__(self) -> Iterator[RecordedAnswer]:
        return iter(self._read(lambda rows: list(_decoded(rows.items()).values())))

    def __len__(self) -> int:
        return self._read(len)

    def __enter__(self) -> AnswerStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.close()

    def _open(self, damage: str | None = None) -> None:
        self._rows = open_undamaged(self.NAME, self._folder, RecordedAnswer.is_row, damage)
        self._file = self._rows.path.stat().st_ino

    def _read(self, action: Callable[[RowCache], T]) -> T:
        """What `action` makes of the rows; if they turn out damaged, of the rebuilt ones."""
        try:
            return action(self._rows)
        except (sqlite3.DatabaseError, ValueError) as error:
            path = self._rows.path
            if isinstance(error, sqlite3.Error) and not is_damage(error, path):
                raise
            # another process may have rebuilt it meanwhile
            unchanged = path.exists() and path.stat().st_ino == self._file
            reason = " ".join(str(error).split())[:100]
        self._rows.close()
        self._open(reason if unchanged else None)
        return action(self._rows)


def _decoded(rows: Iterable[tuple[str, bytes]]) -> dict[str, RecordedAnswer]:
    return {key: RecordedAnswer.from_bytes(key, value) for key, value in rows}
