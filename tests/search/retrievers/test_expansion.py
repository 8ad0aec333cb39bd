"""doc2query expansion and its leave-one-out rule."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from sunwi.params.bm25 import Bm25Params
from sunwi.search.index.bm25 import Bm25
from sunwi.search.passages import QueryBatch
from sunwi.search.retrievers.expansion import ExpandedLexicalRetriever

PASSAGES = [["물", "빛", "물"], ["산소"], ["힘", "지진", "달"]]
QUESTIONS = [["물", "끓"], ["끓", "온도"], ["산소", "혈액"]]
EXPANDED = [PASSAGES[0] + QUESTIONS[0] + QUESTIONS[1], PASSAGES[1] + QUESTIONS[2], PASSAGES[2]]
PARAMS = Bm25Params(k1=1.2, b=0.75)


def queries(qids: list[str], terms: list[list[str]]) -> QueryBatch:
    return QueryBatch(qids, qids, terms, np.zeros((len(qids), 1), dtype=np.float16))


def expanded() -> ExpandedLexicalRetriever:
    return ExpandedLexicalRetriever(PASSAGES, QUESTIONS, ["q0", "q1", "q2"], [0, 0, 1], PARAMS)


def test_expansion_is_bm25_over_passage_and_questions() -> None:
    asked = [["끓", "온도"], ["혈액"]]
    found = expanded().scores(queries(["x", "y"], asked))
    np.testing.assert_allclose(found, Bm25(EXPANDED, PARAMS).all_scores(asked), atol=1e-6)
    assert found[0, 0] > 0 < found[1, 1]


def by_hand(left: list[str], query: list[str]) -> float:
    """BM25 of a passage with these terms, in the collection as a whole."""
    tf, score, mean = Counter(left), 0.0, sum(map(len, EXPANDED)) / 3
    for term in query:
        df = sum(term in document for document in EXPANDED)
        idf = math.log(1 + (3 - df + 0.5) / (df + 0.5))
        score += idf * tf[term] / (tf[term] + 1.2 * (0.25 + 0.75 * len(left) / mean))
    return score


def test_a_question_does_not_find_its_passage_through_itself() -> None:
    asked = [QUESTIONS[1], QUESTIONS[2], QUESTIONS[0]]
    found = expanded().scores(queries(["q1", "q2", "q0"], asked))
    assert found[0, 0] == pytest.approx(by_hand(PASSAGES[0] + QUESTIONS[0], QUESTIONS[1]), abs=1e-6)
    assert found[1, 1] == pytest.approx(by_hand(PASSAGES[1], QUESTIONS[2]), abs=1e-6)
    assert found[2, 0] == pytest.approx(by_hand(PASSAGES[0] + QUESTIONS[1], QUESTIONS[0]), abs=1e-6)
    stranger = expanded().scores(queries(["x"], [QUESTIONS[1]]))
    np.testing.assert_array_equal(found[0, 1:], stranger[0, 1:])
    assert found[0, 0] < stranger[0, 0]


def test_bigrams_keep_their_share_where_a_question_leaves_itself_out() -> None:
    mark = "\x02"
    passages = [["물", f"{mark}물이"], ["달"]]
    questions = [["빛", f"{mark}물이"]]
    params = Bm25Params(bigram_weight=0.5)
    found = ExpandedLexicalRetriever(passages, questions, ["q"], [0], params)
    left = found.scores(queries(["q"], [questions[0]]))[0, 0]
    # one passage with one such bigram, of 2 terms; mean length (4 + 1) / 2; idf of 1 in 2
    by_formula = 0.5 * math.log(1 + 1.5 / 1.5) * 1 / (1 + 1.2 * (0.25 + 0.75 * 2 / 2.5))
    assert left == pytest.approx(by_formula, abs=1e-6)
