"""Question index: the synthetic questions as a retriever of their own (question-to-question similarity)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sunwi.models.encoder import Vectors
from sunwi.search.passages import QueryBatch
from sunwi.search.retrievers.base import Scores


class QuestionRetriever:
    """A passage's score is the best cosine between the query and one of the passage's questions.

    A passage without a question gets the mean of those that have one: neither helped nor harmed.

    A query that is itself a question of the index never retrieves through itself. Where sources are known,
    it is searched in the questions of the others alone: who wrote several questions for a passage made them
    differ, so among those of one source the passage looks harder to find than it is for people.
    """

    name = "questions"

    def __init__(
        self,
        vectors: Vectors,
        qids: Sequence[str],
        owners: npt.NDArray[np.int64],
        passages: int,
        sources: Sequence[str] | None = None,
    ) -> None:
        """The index.

        Parameters
        ----------
        sources
            Who wrote each question. One that wrote more than half of them is not left out as a whole: too
            little would remain to search.
        """
        # grouped by passage, so that the best of each group is one `reduceat`
        order = np.array(
            sorted(range(len(qids)), key=lambda question: (owners[question], qids[question])), dtype=np.int64
        )
        self._vectors = np.asarray(vectors, dtype=np.float32)[order]
        self._row = {qids[question]: row for row, question in enumerate(order)}
        self._owners, self._starts = np.unique(owners[order], return_index=True)
        self._passages = passages
        self._source_of = [sources[question] for question in order] if sources is not None else []
        counts = Counter(self._source_of)
        self._rows_of = {
            source: np.flatnonzero(np.array([other == source for other in self._source_of]))
            for source, count in counts.items()
            if 2 * count <= len(qids)
        }

    def scores(self, queries: QueryBatch) -> Scores:
        """Shape [queries, passages]."""
        scores = np.zeros((len(queries), self._passages), dtype=np.float32)
        if not len(self._owners):
            return scores
        similarity = queries.vectors.astype(np.float32) @ self._vectors.T  # [queries, questions]
        for row, qid in enumerate(queries.qids):
            if qid in self._row:
                own = self._row[qid]
                source = self._source_of[own] if self._source_of else None
                similarity[row, self._rows_of.get(source, own) if source is not None else own] = -np.inf
        best = np.maximum.reduceat(similarity, self._starts, axis=1)  # [queries, owners]
        known = np.isfinite(best)
        counts = np.maximum(known.sum(axis=1, keepdims=True), 1)
        mean = np.where(known, best, 0).sum(axis=1, keepdims=True) / counts
        scores[:] = mean
        scores[:, self._owners] = np.where(known, best, mean)
        return scores
