"""BM25 over index terms, by bm25s (Lù 2024); scores in Lucene's form (Robertson & Zaragoza 2009)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError
from sunwi.params import Bm25Params
from sunwi.text import morphemes, squeeze

TOKENISERS = ("kiwi", "whitespace", "bigram")


def index_terms(texts: Sequence[str], tokenizer: str, label: str = "morphemes") -> list[list[str]]:
    """Index terms of each text by the tokeniser that is named."""
    if tokenizer == "kiwi":
        return morphemes(texts, label)
    if tokenizer == "whitespace":
        return [text.lower().split() for text in texts]
    if tokenizer == "bigram":
        flat = [squeeze(text) for text in texts]
        return [[text] if len(text) == 1 else [a + b for a, b in pairwise(text)] for text in flat]
    next_step = f"set bm25.tokenizer to one of {', '.join(TOKENISERS)}"
    raise DataError(f"unknown tokeniser {tokenizer!r}", next_step)


class Bm25:
    """An index over documents given as terms."""

    def __init__(self, documents: Sequence[Sequence[str]], params: Bm25Params) -> None:
        import bm25s

        if not any(documents):
            raise DataError("no document has an index term", "check the corpus and bm25.tokenizer")
        self.size = len(documents)
        distinct = sorted({term for document in documents for term in document})
        self._vocabulary = {term: at for at, term in enumerate(distinct)}
        ids = [[self._vocabulary[term] for term in document] for document in documents]
        self._index = bm25s.BM25(k1=params.k1, b=params.b, method="lucene", dtype="float32")
        self._index.index((ids, self._vocabulary), show_progress=False)

    def scores(self, query: Sequence[str]) -> npt.NDArray[np.float32]:
        """BM25 of every document, shape [documents]; a term counts as often as the query has it."""
        known = [self._vocabulary[term] for term in query if term in self._vocabulary]
        if not known:
            return np.zeros(self.size, dtype=np.float32)
        return np.asarray(self._index.get_scores_from_ids(known), dtype=np.float32)

    def search(
        self, queries: Sequence[Sequence[str]], depth: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Positions and scores of the best documents, shapes [queries, min(depth, documents)].

        Ties are broken by the document's position.
        """
        depth = min(depth, self.size)
        positions = np.empty((len(queries), depth), dtype=np.int64)
        best = np.empty((len(queries), depth), dtype=np.float32)
        for row, query in enumerate(queries):
            positions[row], best[row] = top(self.scores(query), depth)
        return positions, best


def top(scores: npt.NDArray[np.float32], depth: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Positions and values of the largest scores, falling; ties are broken by position."""
    depth = min(depth, len(scores))
    if depth < len(scores):
        floor = np.partition(scores, len(scores) - depth)[len(scores) - depth]
        candidates = np.flatnonzero(scores >= floor)
    else:
        candidates = np.arange(len(scores))
    order = candidates[np.lexsort((candidates, -scores[candidates]))][:depth]
    return order, scores[order]
