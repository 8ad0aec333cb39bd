"""Document expansion (doc2query, Nogueira et al. 2019): a passage is indexed with its synthetic questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from sunwi.params.bm25 import Bm25Params
from sunwi.search.index.bm25 import Bm25
from sunwi.search.index.terms import term_weight
from sunwi.search.passages import QueryBatch
from sunwi.search.retrievers.base import Scores


class ExpandedLexicalRetriever:
    """BM25 over passages with their questions' terms; a question never retrieves through itself.

    For a query that is one of the questions, its passage's score is computed without its terms (their
    counts and the passage's length). What all passages share, idf and mean length, keeps it: one question
    in a corpus moves them by less than float32 shows.
    """

    name = "bm25"

    def __init__(
        self,
        passages: Sequence[Sequence[str]],
        questions: Sequence[Sequence[str]],
        qids: Sequence[str],
        owners: Sequence[int],
        params: Bm25Params,
    ) -> None:
        expanded = [list(terms) for terms in passages]
        for _, owner, terms in sorted(zip(qids, owners, questions, strict=True), key=lambda row: row[0]):
            expanded[owner] += terms
        self.index = Bm25(expanded, params)
        self._params = params
        self._own = {
            qid: (int(owner), list(terms)) for qid, owner, terms in zip(qids, owners, questions, strict=True)
        }
        self._counts = [Counter(expanded[owner]) for owner in range(len(expanded))]
        self._lengths = np.array([len(terms) for terms in expanded], dtype=np.int64)
        self._mean = float(self._lengths.mean())
        frequency: Counter[str] = Counter(term for counts in self._counts for term in counts)
        size = len(expanded)
        self._idf = {term: np.log(1 + (size - df + 0.5) / (df + 0.5)) for term, df in frequency.items()}

    def scores(self, queries: QueryBatch) -> Scores:
        """Shape [queries, passages]."""
        scores = self.index.all_scores(queries.terms)
        for row, (qid, terms) in enumerate(zip(queries.qids, queries.terms, strict=True)):
            if qid in self._own:
                passage, own = self._own[qid]
                scores[row, passage] = self._without(passage, own, terms)
        return scores

    def _without(self, passage: int, own: Sequence[str], query: Sequence[str]) -> float:
        """BM25 of one passage without the terms of one of its questions."""
        counts = self._counts[passage] - Counter(own)
        length = self._lengths[passage] - len(own)
        k1, b = self._params.k1, self._params.b
        norm = k1 * (1 - b + b * length / self._mean)
        return float(
            sum(
                term_weight(term, self._params.bigram_weight)
                * self._idf[term]
                * counts[term]
                / (counts[term] + norm)
                for term in query
                if counts[term]
            )
        )
