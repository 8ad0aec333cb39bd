"""A damaged row cache: reported, set aside under another name and rebuilt from the rows that can be read."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sunwi.cache import RowCache

# an unknown table or format, a header that forbids writing, and the two codes of damage itself
_CODES = {
    sqlite3.SQLITE_ERROR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_NOTADB,
}  # fmt: skip
_PARTS = ("-wal", "-shm")  # files that SQLite keeps beside a database
IsRow = Callable[[str, bytes], bool]


def open_undamaged(name: str, folder: Path, is_row: IsRow, damage: str | None = None) -> RowCache:
    """Open the row cache `name` of `folder`; a damaged file is first set aside and rebuilt.

    Processes open one after the other: a new file is switched to WAL, and a damaged one rebuilt, once.

    Parameters
    ----------
    is_row
        Whether a key and its value are a row of this cache.
    damage
        What a reader found; without it the file is checked.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.sqlite"
    with _exclusive(folder / f".{name}.lock"):
        damage = damage or _damage(path)
        if damage is None:
            try:
                return RowCache(name, folder)
            except sqlite3.DatabaseError as error:
                if not is_damage(error, path):
                    raise
                damage = str(error)
        _rebuild(path, damage, is_row)
        return RowCache(name, folder)


def is_damage(error: sqlite3.Error, path: Path) -> bool:
    """Whether an error says that the file is damaged, not that it is locked, protected or on a full disk."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # raised by Python: a key that is no UTF-8 is an OperationalError
        return isinstance(error, sqlite3.OperationalError)
    primary = code & 0xFF
    return primary in _CODES and (primary != sqlite3.SQLITE_READONLY or os.access(path, os.W_OK))


@contextmanager
def _exclusive(lock: Path) -> Iterator[None]:
    with lock.open("a", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # the system releases it if this process is killed
        yield


def _damage(path: Path) -> str | None:
    """What is wrong with the file; None if nothing is, or if there is no file."""
    if not path.exists():
        return None
    if path.stat().st_size == 0 and not path.with_name(f"{path.name}-wal").exists():
        return "it has 0 bytes"
    try:
        with closing(sqlite3.connect(path, timeout=60)) as connection:
            (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master")]
            if state == "ok" and tables:  # none: a process was killed before it made the table
                connection.execute("SELECT key, value FROM rows LIMIT 1").fetchall()
    except sqlite3.DatabaseError as error:
        if not is_damage(error, path):
            raise
        return str(error)
    return None if state == "ok" else " ".join(str(state).split())


def _rebuild(path: Path, damage: str, is_row: IsRow) -> None:
    temporary = f"{path.stem}.rebuilding"
    for part in ("", *_PARTS):
        path.with_name(f"{temporary}.sqlite{part}").unlink(missing_ok=True)  # of a process that was killed
    with RowCache(temporary, path.parent) as rows:
        rows.put_many(_readable_rows(path, is_row))
        count = len(rows)
        rebuilt = rows.path
    aside = _free_name(path)
    for part in _PARTS:  # first: SQLite would apply a log of the old file to the new one
        if (beside := path.with_name(path.name + part)).exists():
            shutil.copyfile(beside, aside.with_name(aside.name + part))
            beside.unlink()
    try:
        os.link(path, aside)  # another process that still writes to the old file writes to this one
    except OSError:  # a file system without links
        shutil.copyfile(path, aside)
    rebuilt.replace(path)
    message = (
        f"{path} was damaged ({damage}): rebuilt with the {count:,} rows that could be read; "
        f"the damaged file is now {aside.name}. Answers that are missing are asked again. "
        "Next: if you have a file of `sunwi cache export`, `sunwi cache import FILE` before the next run"
    )
    print(message, file=sys.stderr)  # noqa: T201  in stages and in the command line alike


def _free_name(path: Path) -> Path:
    numbers = (path.with_name(f"{path.name}.damaged-{number}") for number in range(1, 10_000))
    return next(name for name in numbers if not name.exists())


def _readable_rows(path: Path, is_row: IsRow) -> Iterator[tuple[str, bytes]]:
    """Rows up to the first damaged page from the first key on, then from the last key back."""
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(path, timeout=60)) as connection:
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        for order in ("ASC", "DESC"):
            try:
                for key, value in connection.execute(f"SELECT key, value FROM rows ORDER BY key {order}"):  # noqa: S608
                    if isinstance(key, str) and isinstance(value, bytes) and is_row(key, value):
                        yield key, value
            except sqlite3.DatabaseError:
                continue
            return
