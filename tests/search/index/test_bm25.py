"""BM25 against the formula, against rank-bm25's loop, and its order."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sunwi.errors import DataError
from sunwi.params.bm25 import Bm25Params
from sunwi.search.index.bm25 import Bm25, index_terms, top
from sunwi.search.index.terms import BIGRAM

WORDS = ["물", "빛", "산소", "힘", "지진", "달"]
DOCUMENTS = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8), min_size=1, max_size=8)
QUERY = st.lists(st.sampled_from([*WORDS, "없는말"]), max_size=5)


def lucene_bm25(documents: list[list[str]], query: list[str], k1: float, b: float) -> list[float]:
    """Robertson & Zaragoza 2009, eq. 3.15, with Lucene's idf and without the constant factor k1 + 1."""
    count, mean = len(documents), sum(map(len, documents)) / len(documents)
    scores = []
    for document in documents:
        tf = Counter(document)
        score = 0.0
        for term in query:
            df = sum(term in other for other in documents)
            idf = math.log(1 + (count - df + 0.5) / (df + 0.5))
            score += (
                idf * tf[term] / (tf[term] + k1 * (1 - b + b * len(document) / mean)) if tf[term] else 0.0
            )
        scores.append(score)
    return scores


@settings(max_examples=60)
@given(DOCUMENTS, QUERY, st.sampled_from([0.5, 1.2, 2.0]), st.sampled_from([0.0, 0.4, 0.75, 1.0]))
def test_scores_equal_the_formula(documents: list[list[str]], query: list[str], k1: float, b: float) -> None:
    scores = Bm25(documents, Bm25Params(k1=k1, b=b)).scores(query)
    np.testing.assert_allclose(scores, lucene_bm25(documents, query, k1, b), rtol=1e-5, atol=1e-5)


def test_scores_equal_rank_bm25_with_lucenes_idf() -> None:
    from rank_bm25 import BM25Okapi

    generator = np.random.default_rng(3)
    documents = [generator.choice(WORDS, size=size).tolist() for size in generator.integers(1, 12, size=30)]
    oracle = BM25Okapi(documents, k1=1.2, b=0.75)
    df = Counter(term for document in documents for term in set(document))
    oracle.idf = {term: math.log(1 + (30 - count + 0.5) / (count + 0.5)) for term, count in df.items()}
    index = Bm25(documents, Bm25Params(k1=1.2, b=0.75))
    for query in (["물"], ["물", "빛", "물"], ["달", "없는말"]):
        expected = oracle.get_scores(query) / (1.2 + 1)  # a constant that Lucene leaves out
        np.testing.assert_allclose(index.scores(query), expected, atol=1e-6)


def test_unknown_terms_score_nothing() -> None:
    index = Bm25([["물"], ["빛"]], Bm25Params())
    assert index.scores(["없는말"]).tolist() == [0.0, 0.0]
    assert index.scores([]).tolist() == [0.0, 0.0]


def test_a_document_without_terms_scores_nothing() -> None:
    assert Bm25([["물"], []], Bm25Params()).scores(["물"])[1] == 0.0
    with pytest.raises(DataError, match="no document has an index term"):
        Bm25([[], []], Bm25Params())


def test_ties_are_broken_by_position() -> None:
    index = Bm25([["빛"], ["물"], ["힘"], ["물"], ["물"]], Bm25Params())
    positions, scores = index.search([["물"], ["없는말"]], depth=4)
    assert positions.tolist() == [[1, 3, 4, 0], [0, 1, 2, 3]]
    assert scores[0, 0] == scores[0, 2] > scores[0, 3] == 0.0
    assert index.search([["물"]], depth=99)[0].shape == (1, 5)


@settings(max_examples=100)
@given(st.lists(st.sampled_from([-1.0, 0.0, 0.5, 2.0]), min_size=1, max_size=12), st.integers(1, 14))
def test_top_equals_a_sort(values: list[float], depth: int) -> None:
    positions, scores = top(np.array(values, dtype=np.float32), depth)
    expected = sorted(range(len(values)), key=lambda at: (-values[at], at))[:depth]
    assert positions.tolist() == expected
    assert scores.tolist() == [values[at] for at in expected]


def test_tokenisers() -> None:
    assert index_terms(["Big 물  빛"], "whitespace") == [["big", "물", "빛"]]
    assert index_terms(["가나 다!", "가", "?!"], "bigram") == [["가나", "나다"], ["가"], []]
    assert index_terms(["식물의 빛"], "kiwi") == [["식물", "빛"]]
    with pytest.raises(DataError, match=r"set bm25\.tokenizer to one of kiwi"):
        index_terms([], "mecab")


def test_a_bigram_beside_morphemes_counts_its_share() -> None:
    """Two fields in one index: the score is the morphemes' and a share of the bigrams'."""
    documents = [["물", f"{BIGRAM}물이"], ["빛", f"{BIGRAM}물이", f"{BIGRAM}빛이"], ["달"]]
    index = Bm25(documents, Bm25Params(bigram_weight=0.25))
    whole = index.scores(["물", f"{BIGRAM}물이"])
    alone = Bm25(documents, Bm25Params(bigram_weight=1.0))
    expected = alone.scores(["물"]) + 0.25 * alone.scores([f"{BIGRAM}물이"])
    np.testing.assert_allclose(whole, expected, atol=1e-6)
    assert 0 < whole[1] < whole[0]
    assert whole[2] == 0
