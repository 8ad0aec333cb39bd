"""The question index, and which of its questions a query of its own meets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from sunwi.search.passages import QueryBatch
from sunwi.search.retrievers.questions import QuestionRetriever

VECTORS = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [0.6, 0.8]], dtype=np.float16)
QIDS = ["a1", "b1", "a2", "b2"]  # of passages 0, 0, 1, 1
OWNERS = np.array([0, 0, 1, 1])


def scores(index: QuestionRetriever, qid: str, vector: Sequence[float] = (1.0, 0.0)) -> list[float]:
    batch = QueryBatch([qid], ["?"], [[]], np.array([vector], dtype=np.float16))
    return [round(float(score), 2) for score in index.scores(batch)[0]]


@pytest.mark.parametrize(
    ("qid", "sources", "expected"),
    [
        ("people", None, [1.0, 0.6]),
        ("a1", None, [0.8, 0.6]),  # not through itself
        ("a1", ["a", "b", "a", "b"], [0.8, 0.6]),  # b1 and b2 alone
        ("b1", ["a", "b", "a", "b"], [1.0, 0.0]),  # a1 and a2 alone
        ("b1", ["b", "b", "a", "b"], [1.0, 0.6]),  # its passage has no other source: itself alone is left out
        ("people", ["a", "b", "a", "b"], [1.0, 0.6]),
    ],
)
def test_questions_of_one_source_are_searched_in_the_others(
    qid: str, sources: list[str] | None, expected: list[float]
) -> None:
    assert scores(QuestionRetriever(VECTORS, QIDS, OWNERS, 2, sources), qid) == expected


def test_a_passage_without_a_question_gets_the_mean() -> None:
    assert scores(QuestionRetriever(VECTORS, QIDS, np.array([0, 0, 2, 2]), 3), "people") == [1.0, 0.8, 0.6]
