"""Row cache: what was computed for one row is kept, so that the same row is never computed twice.

It is outside the stages' outputs (`runtime.cache_dir`), holds bytes alone (nothing is unpickled), is written
row by row and may be used by several processes. A damaged file is replaced (`cache_file`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias, TypeVar

from sunwi.cache_file import INSERT, RowKind, checked, checksum, is_damage, open_rows
from sunwi.progress import progress
from sunwi.runtime import cache_dir

T = TypeVar("T")
Compute: TypeAlias = Callable[[list[list[int]]], Iterable[Iterable[bytes]]]


def longest_first(texts: Sequence[str], keys: Sequence[str]) -> Callable[[int], tuple[int, str]]:
    """An `order` for `RowCache.fill`: texts of one length fall into one batch, and ties go by key."""
    return lambda row: (-len(texts[row]), keys[row])


class RowCache:
    """Keys and values in one SQLite file, named after what it holds ("morphemes", "vectors" ...)."""

    CHUNK = 500  # SQLite's limit of variables in a statement is 999 in old builds

    def __init__(self, name: str, folder: Path | None = None, kind: RowKind | None = None) -> None:
        self._kind = kind or RowKind()
        self.path = (folder or cache_dir()) / f"{name}.sqlite"
        self._open()

    def _open(self, damage: sqlite3.Error | None = None) -> None:
        self._connection = open_rows(self.path, self._kind, (self._inode, damage) if damage else None)
        self._inode: int = self.path.stat().st_ino

    def _run(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """The action's result; it is repeated on the new file where the old one turns out to be damaged."""
        if not self.path.exists() or self.path.stat().st_ino != self._inode:
            self.close()  # another process replaced the file, or a person deleted it
            self._open()
        try:
            return action(self._connection)
        except sqlite3.DatabaseError as error:
            if not is_damage(error, self.path):
                raise
            self.close()
            self._open(error)
            return action(self._connection)

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """The values of those keys that are there."""
        found: dict[str, bytes] = {}
        for start in range(0, len(keys), self.CHUNK):
            part = keys[start : start + self.CHUNK]
            marks = ",".join("?" * len(part))
            found.update(self._select(f"WHERE key IN ({marks})", part))
        return found

    def _select(self, condition: str, values: Sequence[str]) -> list[tuple[str, bytes]]:
        query = f"SELECT key, value, crc FROM rows {condition}"  # noqa: S608  the values are bound
        return self._run(lambda connection: list(checked(connection.execute(query, values), self._kind)))

    def get_each(self, keys: Sequence[str]) -> Iterator[bytes | None]:
        """Each key's value in the order of the keys, or None where there is none; few are held at once."""
        for start in range(0, len(keys), self.CHUNK):
            part = keys[start : start + self.CHUNK]
            cached = self.get_many(part)
            yield from (cached.get(key) for key in part)

    def count_missing(self, keys: Sequence[str]) -> int:
        """How many distinct keys have no value."""
        distinct = list(dict.fromkeys(keys))
        return sum(value is None for value in self.get_each(distinct))

    def fill(
        self,
        keys: Sequence[str],
        compute: Compute,
        chunk: int,
        order: Callable[[int], Any] | None = None,
        label: str = "",
    ) -> list[bytes]:
        """The values of all keys, in the order of the keys; see `fill_each`."""
        values = [b""] * len(keys)
        for rows, value in self.fill_each(keys, compute, chunk, order, label):
            for row in rows:
                values[row] = value
        return values

    def fill_each(
        self,
        keys: Sequence[str],
        compute: Compute,
        chunk: int,
        order: Callable[[int], Any] | None = None,
        label: str = "",
    ) -> Iterator[tuple[list[int], bytes]]:
        """Yield (positions of a key, its value): first what is cached, then what has to be computed.

        Parameters
        ----------
        keys
            One a row; a key that is missing is computed once, however often it is given.
        compute
            Parts of rows (positions of their keys) to the values of each part, in its order.
        chunk
            Rows of a part at most; a part is committed when its values come, so a killed run loses one.
        order
            Sorts the rows that have to be computed; without it they keep the order of the keys.
        label
            Of the progress that is shown in rows; without one there is none.
        """
        missing: dict[str, list[int]] = {}  # key -> its rows
        for row, (key, cached) in enumerate(zip(keys, self.get_each(keys), strict=True)):
            if cached is None:
                missing.setdefault(key, []).append(row)
            else:
                yield [row], cached
        first_rows = [rows[0] for rows in missing.values()]
        if order is not None:
            first_rows.sort(key=order)
        parts = [first_rows[start : start + chunk] for start in range(0, len(first_rows), chunk)]
        computed: Iterable[tuple[list[int], Iterable[bytes]]] = zip(parts, compute(parts), strict=True)
        if label:
            computed = progress(computed, len(first_rows), label, "row", size=lambda part: len(part[0]))
        for part, values in computed:
            fresh = {keys[row]: value for row, value in zip(part, values, strict=True)}
            self.put_many(fresh)
            for key, value in fresh.items():
                yield missing[key], value

    def put_many(self, rows: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> None:
        """Keep rows, all or none; when the call returns they outlive the process."""
        self._insert("REPLACE", rows if isinstance(rows, Mapping) else dict(rows))

    def put_first(self, key: str, value: bytes) -> bytes:
        """Keep `value` unless the key is there already; return what is kept.

        Of several processes that made the same row, all go on with the first one's.
        """
        self._insert("IGNORE", {key: value})
        return self.get_many([key])[key]

    def _insert(self, conflict: str, rows: Mapping[str, bytes]) -> None:
        def insert(connection: sqlite3.Connection) -> None:
            with connection:
                values = ((key, value, checksum(key, value)) for key, value in rows.items())
                connection.executemany(f"INSERT OR {conflict} {INSERT}", values)

        self._run(insert)

    def items(self) -> Iterator[tuple[str, bytes]]:
        """All rows, by key."""
        last = ""
        while page := self._select(f"WHERE key > ? ORDER BY key LIMIT {self.CHUNK}", [last]):
            yield from page
            last = page[-1][0]

    def __len__(self) -> int:
        query = "SELECT COUNT(*) FROM rows"
        return int(self._run(lambda connection: connection.execute(query).fetchone()[0]))

    def close(self) -> None:
        """Close the file; further calls fail."""
        self._connection.close()

    def __enter__(self) -> RowCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
