"""BM25 as a retriever."""

from __future__ import annotations

from sunwi.search.index.bm25 import Bm25
from sunwi.search.passages import QueryBatch
from sunwi.search.retrievers.base import Scores


class Bm25Retriever:
    """BM25 of every passage."""

    name = "bm25"

    def __init__(self, index: Bm25) -> None:
        self.index = index

    def scores(self, queries: QueryBatch) -> Scores:
        """Shape [queries, passages]."""
        return self.index.all_scores(queries.terms)
