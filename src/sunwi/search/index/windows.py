"""Windows of long passages on disk, beside the passages' vectors; without a long passage no file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sunwi.errors import DataError
from sunwi.models.encoder import Encoder
from sunwi.models.passage_vectors import Windows, encode_windows
from sunwi.models.windows import Reading
from sunwi.params.encoder import EncoderParams
from sunwi.runtime import atomic_write
from sunwi.search.index.store import load_vectors, vectors_file

VECTORS, OWNERS = "windows.npy", "window_passages.npy"


def write_windows(folder: Path, encoder: Encoder, reading: Reading, limits: EncoderParams) -> None:
    """Encode a reading's pieces into the folder; files of an earlier corpus go."""
    for name in (VECTORS, OWNERS):
        (folder / name).unlink(missing_ok=True)
    if not limits.windows or not reading.pieces:
        return
    with vectors_file(folder / VECTORS) as empty:
        encode_windows(encoder, reading, limits, empty)
    with atomic_write(folder / OWNERS, "wb") as out:
        np.save(out, reading.owners, allow_pickle=False)


def load_windows(folder: Path, passages: int) -> Windows | None:
    """The folder's windows, memory-mapped; None where no passage is long.

    Raises
    ------
    DataError
        If the files are damaged, or belong to another corpus than one of so many passages.
    """
    if not (folder / VECTORS).exists():
        return None
    path = folder / OWNERS
    try:
        owners = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path} cannot be read ({error})", "run dvc repro to encode again") from error
    if len(owners) and not 0 <= int(owners[0]) <= int(owners[-1]) < passages:
        what = f"{path} names passage {int(owners[-1])}, the corpus has {passages}"
        raise DataError(what, "run dvc repro to encode again")
    return Windows(load_vectors(folder / VECTORS, len(owners)), owners.astype(np.int64))
