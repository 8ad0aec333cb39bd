"""The SQLite file of a row cache: created whole by one process, replaced where it is damaged."""

from __future__ import annotations

import fcntl
import itertools
import os
import sqlite3
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

COLUMNS = ["key", "value", "crc"]
TABLE = "CREATE TABLE rows (key TEXT PRIMARY KEY, value BLOB NOT NULL, crc INTEGER) WITHOUT ROWID"
INSERT = "INTO rows (key, value, crc) VALUES (?, ?, ?)"
# an unknown table or format, and the two codes of damage itself
DAMAGE = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
COMPANIONS = ("-wal", "-shm")  # SQLite's files beside a database

RawRow = tuple[str, bytes, int | None]  # key, value, checksum; rows from before the checksum have None


class DamagedRows(sqlite3.DatabaseError):
    """A file that SQLite can open and that does not hold what was written."""


@dataclass(frozen=True)
class RowKind:
    """How the rows of a cache are checked, and what follows from their loss."""

    is_row: Callable[[str, bytes], bool] = lambda *_: True
    """Whether a key and its value, which have no checksum, are a row."""
    checked_at_opening: bool = False
    """Whether the structure of the whole file is checked: worth its time where a row costs money."""
    if_lost: str = "Missing rows are computed again."
    """The last sentence of the warning about a damaged file."""


def checksum(key: str, value: bytes) -> int:
    """CRC-32 over key and value: SQLite itself does not see a changed byte inside a value."""
    return zlib.crc32(value, zlib.crc32(key.encode("utf-8")))


def checked(rows: Iterable[RawRow], kind: RowKind) -> Iterator[tuple[str, bytes]]:
    """Keys and values of the rows; DamagedRows at the first one that is not as it was written."""
    for row in rows:
        if not _intact(row, kind):
            raise DamagedRows(f"the row {row[0]!r} is not as it was written")
        yield row[0], row[1]


def _intact(row: RawRow, kind: RowKind) -> bool:
    key, value, crc = row
    if not isinstance(value, bytes):
        return False
    return kind.is_row(key, value) if crc is None else crc == checksum(key, value)


def is_damage(error: sqlite3.Error, path: Path) -> bool:
    """Whether the file itself is wrong; a full disk, a lock or missing rights are not."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_READONLY:  # a header that forbids writing
        return os.access(path, os.W_OK)
    return isinstance(error, DamagedRows) or code in DAMAGE


def open_rows(
    path: Path, kind: RowKind, damaged: tuple[int, sqlite3.Error] | None = None
) -> sqlite3.Connection:
    """A connection to the table of rows at `path`, which is created where it is absent.

    A damaged file is renamed to NAME.damaged-NUMBER, and its readable rows go to a new one; a warning on
    stderr names both. One process at a time opens a file, so creation and replacement do not race.

    Parameters
    ----------
    damaged
        Inode of a file in which damage was seen later, and the error; another process may have replaced it.

    Raises
    ------
    OSError, sqlite3.Error
        If the file cannot be read or written for another reason.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            _create(path, ())[0].replace(path)
        if damaged and path.stat().st_ino == damaged[0]:
            _replace(path, kind, damaged[1])
        try:
            return _connected(path, kind)
        except sqlite3.Error as error:
            if not is_damage(error, path):
                raise
            _replace(path, kind, error)
            return _connected(path, kind)


def _connected(path: Path, kind: RowKind) -> sqlite3.Connection:
    if path.stat().st_size == 0:  # SQLite takes it for a new database; here a new one is never empty
        raise DamagedRows("the file has 0 bytes")
    connection = sqlite3.connect(path, timeout=60)
    try:
        connection.text_factory = _text
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        if kind.checked_at_opening:
            (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if state != "ok":
                raise DamagedRows(" ".join(str(state).split()))
        columns = _columns(connection)
        if columns == COLUMNS[:2]:  # a cache from before the checksum
            connection.execute("ALTER TABLE rows ADD COLUMN crc INTEGER")
        elif columns != COLUMNS:
            raise DamagedRows("it holds no table of rows")
        connection.execute("SELECT key, value, crc FROM rows LIMIT 1").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def _create(path: Path, rows: Iterable[RawRow]) -> tuple[Path, int]:
    """A whole file beside `path`, for the caller to rename, and its number of rows; under the lock."""
    part = path.with_name(f".{path.name}.part")
    for leftover in (part, *_companions(part)):  # of a process that was killed here
        leftover.unlink(missing_ok=True)
    with closing(sqlite3.connect(part)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(TABLE)
        with connection:
            connection.executemany(f"INSERT OR IGNORE {INSERT}", rows)
        return part, int(connection.execute("SELECT COUNT(*) FROM rows").fetchone()[0])


def _replace(path: Path, kind: RowKind, error: sqlite3.Error) -> None:
    """Set a damaged file aside, and put one with its readable rows in its place."""
    numbers = itertools.count(1)
    aside = next(name for n in numbers if not (name := path.with_name(f"{path.name}.damaged-{n}")).exists())
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as damaged:
        part, count = _create(path, _readable(damaged, kind))
    print(  # noqa: T201  a warning must be seen wherever the cache is used
        f"warning: {path} was damaged ({error}): rebuilt with the {count:,} rows that could be read; "
        f"the damaged file is now {aside.name}. {kind.if_lost}",
        file=sys.stderr,
    )
    for old, new in zip((path, *_companions(path)), (aside, *_companions(aside)), strict=True):
        if old.exists():
            old.rename(new)
    part.replace(path)


def _readable(connection: sqlite3.Connection, kind: RowKind) -> Iterator[RawRow]:
    """Intact rows from the first key up to the damage, and from the last key down to it."""
    connection.text_factory = _text
    for order in ("ASC", "DESC"):
        try:
            crc = "crc" if _columns(connection) == COLUMNS else "NULL"
            query = f"SELECT key, value, {crc} FROM rows ORDER BY key {order}"  # noqa: S608  constants
            yield from (row for row in connection.execute(query) if _intact(row, kind))
        except sqlite3.Error:  # the damage
            continue
        return


def _columns(connection: sqlite3.Connection) -> list[str]:
    return [row[1] for row in connection.execute("PRAGMA table_info(rows)")]


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")  # a key with changed bytes then differs from its checksum


def _companions(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + suffix) for suffix in COMPANIONS)
