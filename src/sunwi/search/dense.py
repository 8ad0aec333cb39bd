"""Dense retrieval: cosine of query and passage vectors, exact."""

from __future__ import annotations

import numpy as np

from sunwi.errors import DataError
from sunwi.models.encoder import Vectors
from sunwi.search.batch import QueryBatch
from sunwi.search.retriever import Scores


class DenseRetriever:
    """Inner product of L2-normalised vectors over all passages.

    The vectors stay as they are given, float16 and memory-mapped: only a block of them is float32 at a time.
    """

    name = "dense"
    BLOCK = 65_536  # passages: 100 MB of float32 at 384 dimensions

    def __init__(self, passages: Vectors) -> None:
        if not len(passages):
            raise DataError("there is no passage vector", "run the encode stage (dvc repro)")
        self._passages = passages  # [passages, dimensions]
        self._whole = np.asarray(passages, dtype=np.float32) if len(passages) <= self.BLOCK else None

    def scores(self, queries: QueryBatch) -> Scores:
        """Shape [queries, passages]."""
        asked = queries.vectors.astype(np.float32)
        if self._whole is not None:
            return np.asarray(asked @ self._whole.T)
        found = np.empty((len(asked), len(self._passages)), dtype=np.float32)
        for start in range(0, len(self._passages), self.BLOCK):
            rows = slice(start, start + self.BLOCK)
            found[:, rows] = asked @ self._passages[rows].astype(np.float32).T
        return found
