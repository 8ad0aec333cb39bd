"""Sentence vectors: a passage is as near to a query as its nearest sentence."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError
from sunwi.models.encoder import Vectors
from sunwi.search.passages import QueryBatch
from sunwi.search.retrievers.base import Scores


class SentenceRetriever:
    """Best cosine between the query and one of the passage's sentences, exact.

    The vectors stay as they are given, float16 and memory-mapped; a block of them is float32 at a time.
    """

    name = "sentences"
    BLOCK = 2_048  # passages

    def __init__(self, vectors: Vectors, owners: npt.NDArray[np.int64], passages: int) -> None:
        """The index.

        Parameters
        ----------
        vectors
            Of all sentences, [sentences, dimensions], passage by passage.
        owners
            Position of each sentence's passage, rising.

        Raises
        ------
        DataError
            If a passage has no sentence, or there are other vectors than sentences.
        """
        self._vectors = vectors
        found, starts = np.unique(owners, return_index=True)
        if len(vectors) != len(owners) or len(found) != passages:
            what = f"{len(vectors)} vectors of {len(owners)} sentences belong to {len(found)} passages"
            raise DataError(f"{what}, expected {passages}", "run the encode stage again (dvc repro)")
        self._starts = np.append(starts, len(owners))

    def scores(self, queries: QueryBatch) -> Scores:
        """Shape [queries, passages]."""
        vectors = queries.vectors.astype(np.float32)
        passages = len(self._starts) - 1
        scores = np.empty((len(vectors), passages), dtype=np.float32)
        for start in range(0, passages, self.BLOCK):
            bounds = self._starts[start : start + self.BLOCK + 1]
            of_block = np.asarray(self._vectors[bounds[0] : bounds[-1]], dtype=np.float32)
            similarity = vectors @ of_block.T  # [queries, sentences of the block]
            rows = slice(start, start + len(bounds) - 1)
            scores[:, rows] = np.maximum.reduceat(similarity, bounds[:-1] - bounds[0], axis=1)
        return scores
