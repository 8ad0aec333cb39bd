"""BM25 over index terms, by bm25s (Lù 2024); scores in Lucene's form (Robertson & Zaragoza 2009)."""

from __future__ import annotations

import logging
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError
from sunwi.params.bm25 import Bm25Params
from sunwi.search.index.terms import index_terms, term_weight
from sunwi.search.top import top

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["Bm25", "index_terms", "save_bm25", "top"]

CELLS = 16_000_000  # scores held at a time at most: 128 MB with their positions


class Bm25:
    """An index over documents given as terms.

    They may be an iterator (`terms.term_stream`): of each term 4 bytes are kept while the index is built, and
    8 bytes per distinct term of a document once it is built.
    """

    BLOCK = 2048  # queries at most whose sparse scores are held at a time

    def __init__(self, documents: Iterable[Sequence[str]], params: Bm25Params) -> None:
        self._take(_indexed(documents, params), params)

    @classmethod
    def load(cls, folder: Path, params: Bm25Params) -> Bm25:
        """An index that `save_bm25` wrote, memory-mapped: a query reads the rows of its terms alone."""
        import bm25s

        loaded = cls.__new__(cls)
        loaded._take(bm25s.BM25.load(folder, mmap=True, show_progress=False), params)
        return loaded

    def _take(self, index: Any, params: Bm25Params) -> None:
        from scipy.sparse import csr_matrix

        impacts = index.scores  # bm25s scores eagerly: one row of impacts a term
        count = len(impacts["indptr"]) - 1
        self.size = int(impacts["num_docs"])
        self._vocabulary: dict[str, int] = index.vocab_dict
        if self._vocabulary.get("", 0) >= count:  # bm25s adds a term that has no row
            del self._vocabulary[""]
        self._weights = np.empty(count, dtype=np.float32)  # of a query's terms
        for term, column in self._vocabulary.items():
            self._weights[column] = term_weight(term, params.bigram_weight)
        arrays = (impacts["data"], impacts["indices"], impacts["indptr"])
        self._impacts = csr_matrix(arrays, shape=(count, self.size))  # [terms, documents]

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
        block = max(1, min(self.BLOCK, CELLS // self.size))
        for start in range(0, len(queries), block):
            scores = self._sparse_scores(queries[start : start + block])
            for row, (first, end) in enumerate(zip(scores.indptr[:-1], scores.indptr[1:], strict=True)):
                matched = scores.indices[first:end]
                order, values = top(scores.data[first:end], depth, matched)
                positions[start + row, : len(order)] = order
                best[start + row, : len(order)] = values
                if len(order) < depth:  # the rest have no term of the query: score 0, by position
                    head = np.arange(min(self.size, depth + len(matched)))
                    silent = np.setdiff1d(head, matched, assume_unique=True)
                    positions[start + row, len(order) :] = silent[: depth - len(order)]
        return positions, best

    def _sparse_scores(self, queries: Sequence[Sequence[str]]) -> csr_matrix:
        from scipy.sparse import csr_matrix

        rows = [[self._vocabulary[term] for term in query if term in self._vocabulary] for query in queries]
        ends = np.cumsum([0, *(len(row) for row in rows)])
        terms = np.array([term for row in rows for term in row], dtype=np.int32)
        counts = csr_matrix((self._weights[terms], terms, ends), shape=(len(rows), self._impacts.shape[0]))
        return counts @ self._impacts


def save_bm25(documents: Iterable[Sequence[str]], params: Bm25Params, folder: Path) -> None:
    """Build an index and write bm25s's own files into a folder, for `Bm25.load`."""
    _indexed(documents, params).save(folder, show_progress=False)


def _indexed(documents: Iterable[Sequence[str]], params: Bm25Params) -> Any:
    import bm25s

    corpus = _Corpus(documents)
    if not corpus.vocab:
        raise DataError("no document has an index term", "check the corpus and bm25.tokenizer")
    # bm25s sets its logger to DEBUG: it would print wherever another library has set up logging
    logging.getLogger("bm25s").setLevel(logging.WARNING)
    index = bm25s.BM25(k1=params.k1, b=params.b, method="lucene", dtype="float32")
    index.index(corpus, show_progress=False)
    return index


class _Corpus:
    """Documents as bm25s takes them: `ids` of terms by document, and the `vocab` of the terms, sorted."""

    def __init__(self, documents: Iterable[Sequence[str]]) -> None:
        seen: dict[str, int] = {}
        flat, lengths = array("i"), array("q")
        for document in documents:
            flat.extend([seen.setdefault(term, len(seen)) for term in document])
            lengths.append(len(document))
        self.vocab = {term: column for column, term in enumerate(sorted(seen))}
        place = np.array([self.vocab[term] for term in seen], dtype=np.int32)  # of the terms as they came
        self._flat = place[np.frombuffer(flat, dtype=np.intc)] if seen else place
        self._ends = np.cumsum([0, *lengths])

    @property
    def ids(self) -> _Corpus:
        return self

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __iter__(self) -> Iterator[list[int]]:
        for first, end in zip(self._ends[:-1], self._ends[1:], strict=True):
            yield self._flat[first:end].tolist()
