"""Question index: the synthetic questions as a retriever of their own (question-to-question similarity)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sunwi.models.encoder import Vectors
from sunwi.search.passages import QueryBatch
from sunwi.search.retrievers.base import Scores


class QuestionRetriever:
    """A passage's score is the best cosine between the query and one of the passage's questions.

    A passage without a question gets the mean of those that have one: neither helped nor harmed.

    A query that is itself a question of the index never retrieves through itself. Where its passage has
    questions of other sources too, it is searched in those of the others alone: who wrote several questions
    for a passage made them differ, so among those of one source the passage looks harder to find than it is
    for people.
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
            Who wrote each question.
        """
        # grouped by passage, so that the best of each group is one `reduceat`
        order = np.array(
            sorted(range(len(qids)), key=lambda question: (owners[question], qids[question])), dtype=np.int64
        )
        self._vectors = np.asarray(vectors, dtype=np.float32)[order]
        self._row = {qids[question]: row for row, question in enumerate(order)}
        self._owners, self._starts = np.unique(owners[order], return_index=True)
        self._passages = passages
        self._left_out = self._of_sources([sources[at] for at in order], owners[order]) if sources else {}

    def _of_sources(
        self, sources: Sequence[str], owners: npt.NDArray[np.int64]
    ) -> dict[int, npt.NDArray[np.int64]]:
        """Row of each question whose passage has other sources too, to the rows of its own source."""
        of_passage: dict[int, set[str]] = {}
        for source, owner in zip(sources, owners.tolist(), strict=True):
            of_passage.setdefault(owner, set()).add(source)
        numbers = np.unique(sources, return_inverse=True)[1]
        rows_of = [np.flatnonzero(numbers == number) for number in range(len(set(sources)))]
        return {
            row: rows_of[numbers[row]]
            for row, owner in enumerate(owners.tolist())
            if len(of_passage[owner]) > 1
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
                similarity[row, self._left_out.get(own, own)] = -np.inf
        best = np.maximum.reduceat(similarity, self._starts, axis=1)  # [queries, owners]
        known = np.isfinite(best)
        counts = np.maximum(known.sum(axis=1, keepdims=True), 1)
        mean = np.where(known, best, 0).sum(axis=1, keepdims=True) / counts
        scores[:] = mean
        scores[:, self._owners] = np.where(known, best, mean)
        return scores
