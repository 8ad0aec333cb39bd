"""Dense retrieval: cosine of query and passage vectors, exact."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError
from sunwi.models.encoder import Vectors
from sunwi.models.passage_vectors import Windows
from sunwi.search.passages import QueryBatch
from sunwi.search.retrievers.base import Scores


class DenseRetriever:
    """Inner product of L2-normalised vectors over all passages.

    A small corpus is held in float32. Vectors of a large one stay as they are given, float16 and
    memory-mapped: a block of them is float32 at a time, few enough that the product finds them in the
    processor's cache.
    """

    name = "dense"
    WHOLE = 65_536  # passages at most that are held in float32: 100 MB at 384 dimensions
    BLOCK = 2_048  # passages: 3 MB of float32 at 384 dimensions

    def __init__(self, passages: Vectors, windows: Windows | None = None) -> None:
        """Over vectors [passages, dimensions], and of long passages the windows behind their start."""
        if not len(passages):
            raise DataError("there is no passage vector", "run the encode stage (dvc repro)")
        self._windows = windows
        self._passages = passages  # [passages, dimensions]
        self._whole = np.asarray(passages, dtype=np.float32) if len(passages) <= self.WHOLE else None

    def scores(self, queries: QueryBatch) -> Scores:
        """Shape [queries, passages]."""
        vectors = queries.vectors.astype(np.float32)
        if self._whole is not None:
            return self._with_windows(np.asarray(vectors @ self._whole.T), vectors)
        scores = np.empty((len(vectors), len(self._passages)), dtype=np.float32)
        for start in range(0, len(self._passages), self.BLOCK):
            rows = slice(start, start + self.BLOCK)
            scores[:, rows] = vectors @ _as_float32(self._passages[rows]).T
        return self._with_windows(scores, vectors)

    def _with_windows(self, scores: Scores, queries: npt.NDArray[np.float32]) -> Scores:
        if self._windows is not None:
            self._windows.best(scores, queries)
        return scores


def _as_float32(vectors: Vectors) -> npt.NDArray[np.float32]:
    """The same numbers; torch converts float16 ten times as fast as numpy."""
    import torch

    return np.asarray(torch.from_numpy(np.array(vectors)).float().numpy())
