"""Vectors on disk: float16 .npy files, memory-mapped when read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sunwi.errors import DataError
from sunwi.models.encoder import Vectors
from sunwi.runtime import atomic_write


def save_vectors(path: Path, vectors: Vectors) -> None:
    """Write [rows, dimensions] as float16, atomically."""
    with atomic_write(path, "wb") as out:
        np.save(out, np.ascontiguousarray(vectors, dtype=np.float16), allow_pickle=False)


def load_vectors(path: Path, rows: int) -> Vectors:
    """Read them memory-mapped.

    Raises
    ------
    DataError
        If the file has another number of rows than the texts that it belongs to.
    """
    vectors: Vectors = np.load(path, mmap_mode="r", allow_pickle=False)
    if len(vectors) != rows:
        raise DataError(f"{path} has {len(vectors)} rows, expected {rows}", "run dvc repro to encode again")
    return vectors
