"""Passages' token vectors on the disk: what was encoded for dense search is not encoded for MaxSim."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sunwi.cache import RowCache
from sunwi.errors import DataError
from sunwi.runtime import cache_dir, text_hash

TokenVectors = npt.NDArray[np.float16]  # [tokens, dimensions], rows of length 1
TokenRow = Sequence[int]  # token ids of one text

FOLDER = "token_vectors"
LIMIT = "SUNWI_TOKEN_VECTORS_GIB"
USUAL_GIB = "4"


def limit_bytes() -> int:
    """How much of the disk token vectors may take: $SUNWI_TOKEN_VECTORS_GIB, else 4 GiB; 0 keeps none.

    Raises
    ------
    DataError
        If the variable is not a number of at least 0.
    """
    value = os.environ.get(LIMIT, USUAL_GIB)
    try:
        gib = float(value)
    except ValueError:
        gib = math.nan
    if not 0 <= gib < math.inf:
        raise DataError(f"{LIMIT}: expected a number of GiB, found {value!r}", f"export {LIMIT}={USUAL_GIB}")
    return int(gib * 2**30)


class TokenStore:
    """Token vectors of one model in one precision, by token ids; a file of its own.

    Where the folder is full, files of models that were not asked for longest are deleted, and then no more
    is kept: what is missing is encoded again.
    """

    def __init__(self, dimensions: int, settings: Sequence[str]) -> None:
        """What the vectors depend on beside the token ids, and their length."""
        self._dimensions = dimensions
        self._name = text_hash(*settings)[:32]

    @property
    def row_bytes(self) -> int:
        """Of one token."""
        return self._dimensions * np.dtype(np.float16).itemsize

    def get(self, rows: Sequence[TokenRow]) -> list[TokenVectors | None]:
        """Each row's vectors, [tokens, dimensions]; None where they are not kept."""
        try:
            os.utime(self._path)  # the last to be deleted
        except FileNotFoundError:
            return [None] * len(rows)
        with RowCache(self._name, self._folder) as cache:
            return [
                None if value is None else np.frombuffer(value, np.float16).reshape(-1, self._dimensions)
                for value in cache.get_each(list(map(_key, rows)))
            ]

    def put(self, rows: Sequence[TokenRow], vectors: Sequence[TokenVectors]) -> None:
        """Keep the rows' vectors while there is room."""
        if not self._make_room(sum(matrix.nbytes for matrix in vectors)):
            return
        with RowCache(self._name, self._folder) as cache:
            cache.put_many(zip(map(_key, rows), (matrix.tobytes() for matrix in vectors), strict=True))

    @property
    def _folder(self) -> Path:
        return cache_dir() / FOLDER

    @property
    def _path(self) -> Path:
        return self._folder / f"{self._name}.sqlite"

    def _make_room(self, needed: int) -> bool:
        room = limit_bytes() - needed - _size(self._path)
        if room < 0:
            return False
        files = self._folder.glob("*.sqlite")
        ages = [(_asked(path), path.name, path) for path in files if path != self._path]
        for *_, path in sorted(ages, reverse=True):  # those that were asked for last stay
            room -= _size(path)
            if room < 0:
                for file in _files(path):
                    file.unlink(missing_ok=True)
        return True


def _key(row: TokenRow) -> str:
    return text_hash(np.asarray(row, dtype="<i4").tobytes().hex())


def _files(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm"))


def _asked(path: Path) -> int:
    """When the file was last read or written; 0 of one that another process has just deleted."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _size(path: Path) -> int:
    total = 0
    for file in _files(path):
        with suppress(FileNotFoundError):  # another process makes room, too
            total += file.stat().st_size
    return total
