"""A table on disk: one file of lines, or a folder of shards of which a changed row changes one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO
from zlib import crc32

from sunwi.errors import InputProblems, Problem
from sunwi.runtime import atomic_folder, atomic_write

WriteLine = Callable[[str, str], None]  # of a row: its id and its line


def files_of(path: Path) -> list[Path]:
    """The files of a table in the order of their rows: the file itself, or a folder's shards by number.

    Raises
    ------
    InputProblems
        If the folder has no shard, or has something else in it.
    """
    if not path.is_dir():
        return [path]
    entries = [entry for entry in path.iterdir() if not entry.name.startswith(".")]
    problems = [
        Problem(entry, None, "expected a shard of JSON lines (*.jsonl)")
        for entry in sorted(entries)
        if entry.suffix != ".jsonl" or entry.is_dir()
    ]
    if not entries:
        problems = [Problem(path, None, "expected shards of JSON lines (*.jsonl), the folder is empty")]
    if problems:
        raise InputProblems(problems, "keep the shards alone in the folder, or write it again (dvc repro)")
    return sorted(entries, key=lambda shard: (len(shard.name), shard.name))


@contextmanager
def written_table(path: Path, rows_per_shard: int = 0) -> Iterator[WriteLine]:
    """What writes the lines of a table, in the order of their ids; it is in place when the block ends.

    The ids near its end decide where a shard ends, not how many rows were before it
    (content-defined chunking, Muthitacharoen et al. 2001, section 3.1). So a row that is added or deleted
    changes its own shard, and DVC stores and sends that one alone.

    Parameters
    ----------
    path
        A file's name; with shards a folder has it.
    rows_per_shard
        On average: half of it at least, four times it at most; 0: one file.
    """
    if not rows_per_shard:
        with atomic_write(path) as out:
            yield lambda _, line: _write(out, line)
            _make_room(path)
        return
    with atomic_folder(path) as partial, closing(_Shards(partial, rows_per_shard)) as shards:
        yield shards.write
        shards.end()
        _make_room(path)
        path.unlink(missing_ok=True)  # a folder cannot take a file's name


class _Shards:
    def __init__(self, folder: Path, rows_per_shard: int) -> None:
        self.folder = folder
        self.least = max(1, rows_per_shard // 2)
        self.most = 4 * rows_per_shard
        self.shards = self.rows = 0
        self.out: IO[str] | None = None

    def write(self, key: str, line: str) -> None:
        if self.out is None:
            self._open()
        assert self.out is not None
        _write(self.out, line)
        self.rows += 1
        # After `least` rows one id in `least` is an end: so the mean is twice as many.
        marked = self.rows >= self.least and crc32(key.encode("utf-8")) % self.least == 0
        if marked or self.rows >= self.most:
            self.close()

    def end(self) -> None:
        """A table without rows has one shard without lines."""
        if not self.shards:
            self._open()
        self.close()

    def _open(self) -> None:
        name = f"{self.shards:06d}.jsonl"
        self.out = (self.folder / name).open("w", encoding="utf-8", newline="\n")
        self.shards += 1
        self.rows = 0

    def close(self) -> None:
        if self.out is not None:
            self.out.close()
            self.out = None


def _write(out: IO[str], line: str) -> None:
    out.write(line + "\n")


def _make_room(path: Path) -> None:
    """Remove the shards that have the name; what is no shard is not removed, and the folder then stays."""
    if path.is_dir():
        for shard in files_of(path):
            shard.unlink()
        path.rmdir()
