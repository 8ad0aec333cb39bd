"""BM25 as a retriever."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from sunwi.search.index.bm25 import Bm25
from sunwi.search.passages import QueryBatch
from sunwi.search.retrievers.base import Scores


class Bm25Retriever:
    """BM25 of every passage."""

    name = "bm25"

    def __init__(self, index: Bm25 | Callable[[], Bm25]) -> None:
        """Over an index, or over what makes it: called at the first search, so never by a dense variant."""
        self._make = index if callable(index) else lambda: index

    @cached_property
    def index(self) -> Bm25:
        """The index that is searched."""
        return self._make()

    def __getstate__(self) -> dict[str, Any]:
        return {"index": self.index}  # a worker gets it made

    def scores(self, queries: QueryBatch) -> Scores:
        """Shape [queries, passages]."""
        return self.index.all_scores(queries.terms)
