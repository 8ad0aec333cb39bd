"""Dense retrieval: cosine of query and passage vectors, exact."""

from __future__ import annotations

import numpy as np

from sunwi.errors import DataError
from sunwi.models.encoder import Vectors
from sunwi.search.batch import QueryBatch
from sunwi.search.retriever import Scores


class DenseRetriever:
    """Inner product of L2-normalised vectors over all passages."""

    name = "dense"

    def __init__(self, passages: Vectors) -> None:
        if not len(passages):
            raise DataError("there is no passage vector", "run the encode stage (dvc repro)")
        self._passages = np.asarray(passages, dtype=np.float32)  # [passages, dimensions]

    def scores(self, queries: QueryBatch) -> Scores:
        """Shape [queries, passages]."""
        return np.asarray(queries.vectors.astype(np.float32) @ self._passages.T)
