"""Vectors on disk: float16 .npy files, memory-mapped when read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from sunwi.errors import DataError
from sunwi.models.encoder import Vectors
from sunwi.runtime import atomic_write


def save_vectors(path: Path, vectors: Vectors) -> None:
    """Write [rows, dimensions] as float16, atomically."""
    with vectors_file(path) as empty:
        empty(vectors.shape)[:] = vectors


@contextmanager
def vectors_file(path: Path) -> Iterator[Callable[[tuple[int, ...]], Vectors]]:
    """A file of vectors that is filled in place: what is given makes its array of a shape, memory-mapped.

    The file has its name when the block ends without an error.
    """
    with atomic_write(path, "wb") as out:
        yield lambda shape: np.lib.format.open_memmap(out.name, "w+", np.float16, shape)


def load_vectors(path: Path, rows: int) -> Vectors:
    """Read them memory-mapped.

    Raises
    ------
    DataError
        If the file is damaged, or has another number of rows than the texts that it belongs to.
    """
    try:
        vectors: Vectors = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise DataError(
            f"{path} is damaged ({error})", "delete it, and run dvc repro to encode again"
        ) from error
    if len(vectors) != rows:
        raise DataError(f"{path} has {len(vectors)} rows, expected {rows}", "run dvc repro to encode again")
    return vectors
