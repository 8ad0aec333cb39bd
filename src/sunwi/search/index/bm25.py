"""BM25 over index terms, by bm25s (Lù 2024); scores in Lucene's form (Robertson & Zaragoza 2009)."""

from __future__ import annotations

import json
import logging
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError
from sunwi.params.bm25 import Bm25Params
from sunwi.search.index.terms import index_terms, term_weight
from sunwi.search.top import top

__all__ = ["Bm25", "index_terms", "save_bm25", "top"]


class Bm25:
    """An index over documents given as terms.

    They may be an iterator (`terms.term_stream`): of each term 4 bytes are kept while the index is built, and
    8 bytes per distinct term of a document once it is built.
    """

    def __init__(self, documents: Iterable[Sequence[str]], params: Bm25Params) -> None:
        index = _indexed(documents, params)
        self._take(index.scores, index.vocab_dict, params)

    @classmethod
    def load(cls, folder: Path, params: Bm25Params) -> Bm25:
        """An index that `save_bm25` wrote, memory-mapped: a query reads the rows of its terms alone."""
        loaded = cls.__new__(cls)
        # Read without bm25s, whose import loads numba: half a CPU second.
        names = ("data", "indices", "indptr")
        impacts = {name: np.load(folder / f"{name}.csc.index.npy", mmap_mode="r") for name in names}
        impacts["num_docs"] = json.loads((folder / "params.index.json").read_text("utf-8"))["num_docs"]
        loaded._take(impacts, json.loads((folder / "vocab.index.json").read_text("utf-8")), params)
        return loaded

    def _take(self, impacts: Mapping[str, Any], vocabulary: dict[str, int], params: Bm25Params) -> None:
        self.size = int(impacts["num_docs"])
        # One row of impacts a term (bm25s scores eagerly): those of row t are at indptr[t] to indptr[t + 1].
        # Plain views: a slice of a memory-mapped array costs ten times as much.
        names = ("data", "indices", "indptr")
        self._impacts, self._documents, self._ends = (np.asarray(impacts[name]) for name in names)
        count = len(self._ends) - 1
        self._vocabulary = vocabulary
        if vocabulary.get("", 0) >= count:  # bm25s adds a term that has no row
            del vocabulary[""]
        self._weights = np.empty(count, dtype=np.float32)  # of a query's terms
        for term, row in vocabulary.items():
            self._weights[row] = term_weight(term, params.bigram_weight)

    def scores(self, query: Sequence[str]) -> npt.NDArray[np.float32]:
        """BM25 of every document, shape [documents]; a term counts as often as the query has it."""
        scores: npt.NDArray[np.float32] = self.all_scores([query])[0]
        return scores

    def all_scores(self, queries: Sequence[Sequence[str]]) -> npt.NDArray[np.float32]:
        """BM25 of every document for each query, shape [queries, documents]."""
        scores = np.zeros((len(queries), self.size), dtype=np.float32)
        for of_query, query in zip(scores, queries, strict=True):
            # Nearly as fast as scipy's sparse product, whose import takes longer than a variant's queries.
            rows = [self._vocabulary[term] for term in query if term in self._vocabulary]
            if postings := [slice(self._ends[row], self._ends[row + 1]) for row in rows]:
                documents = np.concatenate([self._documents[part] for part in postings])
                weighted = [
                    self._weights[row] * self._impacts[part] for row, part in zip(rows, postings, strict=True)
                ]
                np.add.at(of_query, documents, np.concatenate(weighted))  # in the order of the terms
        return scores

    def document_frequencies(self, terms: Sequence[str]) -> list[int]:
        """How many documents hold each term; 0 for one that no document has."""
        rows = [self._vocabulary.get(term) for term in terms]
        return [0 if row is None else int(self._ends[row + 1] - self._ends[row]) for row in rows]

    def search(
        self, queries: Sequence[Sequence[str]], depth: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Positions and scores of the best documents, shapes [queries, min(depth, documents)].

        Ties are broken by the document's position. The scores of one query are held at a time.
        """
        depth = min(depth, self.size)
        positions = np.empty((len(queries), depth), dtype=np.int64)
        best = np.empty((len(queries), depth), dtype=np.float32)
        for row, query in enumerate(queries):
            positions[row], best[row] = top(self.scores(query), depth)
        return positions, best


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
