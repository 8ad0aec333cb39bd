"""BM25 over index terms, by bm25s (Lù 2024); scores in Lucene's form (Robertson & Zaragoza 2009)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError
from sunwi.params import Bm25Params
from sunwi.search.terms import index_terms, term_weight
from sunwi.search.top import top

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["Bm25", "index_terms", "top"]


class Bm25:
    """An index over documents given as terms."""

    BLOCK = 2048  # queries whose sparse scores are held at a time

    def __init__(self, documents: Sequence[Sequence[str]], params: Bm25Params) -> None:
        import bm25s
        from scipy.sparse import csr_matrix

        if not any(documents):
            raise DataError("no document has an index term", "check the corpus and bm25.tokenizer")
        # bm25s sets its logger to DEBUG: it would print wherever another library has set up logging
        logging.getLogger("bm25s").setLevel(logging.WARNING)
        self.size = len(documents)
        distinct = sorted({term for document in documents for term in document})
        self._vocabulary = {term: at for at, term in enumerate(distinct)}
        self._weights = np.array(
            [term_weight(term, params.bigram_weight) for term in distinct], dtype=np.float32
        )  # of a query's terms
        ids = [[self._vocabulary[term] for term in document] for document in documents]
        index = bm25s.BM25(k1=params.k1, b=params.b, method="lucene", dtype="float32")
        index.index((ids, self._vocabulary), show_progress=False)
        impacts = index.scores  # bm25s scores eagerly: one row of impacts a term
        # bm25s may add a row for the empty token; the vocabulary does not point there
        self._impacts = csr_matrix(
            (impacts["data"], impacts["indices"], impacts["indptr"]),
            shape=(len(impacts["indptr"]) - 1, self.size),
        )  # [terms, documents]

    def scores(self, query: Sequence[str]) -> npt.NDArray[np.float32]:
        """BM25 of every document, shape [documents]; a term counts as often as the query has it."""
        row: npt.NDArray[np.float32] = self.all_scores([query])[0]
        return row

    def all_scores(self, queries: Sequence[Sequence[str]]) -> npt.NDArray[np.float32]:
        """BM25 of every document for each query, shape [queries, documents]."""
        scores: npt.NDArray[np.float32] = self._sparse_scores(queries).toarray()
        return scores

    def search(
        self, queries: Sequence[Sequence[str]], depth: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Positions and scores of the best documents, shapes [queries, min(depth, documents)].

        Ties are broken by the document's position.
        """
        depth = min(depth, self.size)
        positions = np.empty((len(queries), depth), dtype=np.int64)
        best = np.zeros((len(queries), depth), dtype=np.float32)
        for start in range(0, len(queries), self.BLOCK):
            found = self._sparse_scores(queries[start : start + self.BLOCK])
            found.sort_indices()
            for at, (first, end) in enumerate(zip(found.indptr[:-1], found.indptr[1:], strict=True)):
                matched = found.indices[first:end]
                order, values = top(found.data[first:end], min(depth, len(matched)))
                positions[start + at, : len(order)] = matched[order]
                best[start + at, : len(order)] = values
                if len(order) < depth:  # the rest have no term of the query: score 0, by position
                    head = np.arange(min(self.size, depth + len(matched)))
                    silent = np.setdiff1d(head, matched, assume_unique=True)
                    positions[start + at, len(order) :] = silent[: depth - len(order)]
        return positions, best

    def _sparse_scores(self, queries: Sequence[Sequence[str]]) -> csr_matrix:
        from scipy.sparse import csr_matrix

        rows = [[self._vocabulary[term] for term in query if term in self._vocabulary] for query in queries]
        ends = np.cumsum([0, *(len(row) for row in rows)])
        terms = np.array([term for row in rows for term in row], dtype=np.int32)
        asked = csr_matrix((self._weights[terms], terms, ends), shape=(len(rows), self._impacts.shape[0]))
        return asked @ self._impacts
