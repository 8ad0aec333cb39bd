"""Learned sparse retrieval: dot products of sparse query and passage vectors (Formal et al. 2021)."""

from __future__ import annotations

import numpy as np

from sunwi.errors import DataError
from sunwi.models.sparse.encoder import SparseEncoder
from sunwi.models.sparse.vectors import SparseVectors
from sunwi.search.passages import QueryBatch
from sunwi.search.retrievers.base import Scores


class SpladeRetriever:
    """An inverted index in memory: the passages' vectors by vocabulary entry."""

    name = "sparse"

    def __init__(self, encoder: SparseEncoder, passages: SparseVectors, query_max_length: int) -> None:
        if not len(passages):
            raise DataError("there is no sparse passage vector", "encode the corpus first")
        self.encoder = encoder
        self.query_max_length = query_max_length
        self._postings = passages.matrix().T.tocsr()  # [vocabulary, passages]

    def scores(self, queries: QueryBatch) -> Scores:
        """Dot products, shape [queries, passages]; 0 where no entry is shared."""
        return self.score_vectors(self.encoder.encode_queries(queries.texts, self.query_max_length))

    def score_vectors(self, queries: SparseVectors) -> Scores:
        """The same for vectors that are there already."""
        return np.asarray((queries.matrix() @ self._postings).toarray(), dtype=np.float32)
