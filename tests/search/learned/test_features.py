"""Features of the candidates of a small pipeline, and the order of a ranker over them."""

from __future__ import annotations

import numpy as np
import pytest

from sunwi.errors import DataError
from sunwi.params.bm25 import Bm25Params
from sunwi.records.corpus import Document
from sunwi.search.fusion.method import Fusion
from sunwi.search.index.bm25 import Bm25
from sunwi.search.learned.features import CandidateFeatures, feature_names
from sunwi.search.learned.order import LearnedOrder
from sunwi.search.learned.ranker import LinearRanker
from sunwi.search.passages import Passages, QueryBatch
from sunwi.search.pipeline import SearchPipeline
from sunwi.search.retrievers.bm25 import Bm25Retriever
from sunwi.search.retrievers.dense import DenseRetriever

TEXTS = {"d1": "빛 굴절 렌즈", "d2": "빛 속도 측정", "d3": "소리 속도 공기"}
VECTORS = np.array([[1, 0], [0.6, 0.8], [0, 1]], dtype=np.float16)


@pytest.fixture
def pipeline() -> SearchPipeline:
    passages = Passages.of([Document(docid=docid, content=text) for docid, text in TEXTS.items()])
    terms = [text.split() for text in TEXTS.values()]
    return SearchPipeline(passages, [Bm25Retriever(Bm25(terms, Bm25Params())), DenseRetriever(VECTORS)])


QUERIES = QueryBatch(["q"], ["빛 속도"], [["빛", "속도"]], np.array([[1, 0]], dtype=np.float16))
FUSION = Fusion("weighted", {"bm25": 0.0, "dense": 1.0})
NAMES = feature_names(["bm25", "dense"])


def test_columns_are_what_the_retrievers_and_the_terms_say(pipeline: SearchPipeline) -> None:
    ranked = list(pipeline.rank(QUERIES, ["bm25", "dense"], FUSION, 3))
    features = CandidateFeatures(pipeline, "whitespace", 2).of(QUERIES.texts, ranked, 3)
    assert features[0].shape == (3, len(NAMES))
    table = dict(zip(NAMES, features[0].T, strict=True))
    assert ranked[0].positions.tolist() == [0, 1, 2]  # the dense order
    np.testing.assert_allclose(table["fused_score"], ranked[0].scores)
    np.testing.assert_allclose(table["fused_place"], [1, 1 / 2, 1 / 3])
    np.testing.assert_allclose(table["dense_place"], [1, 1 / 2, 1 / 3])
    assert table["bm25_place"].tolist() == [1 / 2, 1, 1 / 3]  # d2 has both terms; d1 stands before d3
    assert table["bm25_score"].mean() == pytest.approx(0)
    assert table["coverage"].tolist() == [0.5, 1.0, 0.5]  # each term is in two of three passages
    assert table["span"].tolist() == pytest.approx([1 / 3, 2 / 3, 1 / 3])


def test_further_scores_are_columns_of_their_own(pipeline: SearchPipeline) -> None:
    ranked = list(pipeline.rank(QUERIES, ["bm25", "dense"], FUSION, 3))
    extra = [{"late_interaction": np.array([1.0, 2.0, 3.0])}]
    features = CandidateFeatures(pipeline, "whitespace", 2).of(QUERIES.texts, ranked, 2, extra)
    names = feature_names(["bm25", "dense"], ["late_interaction"])
    assert features[0].shape == (2, len(names))
    assert features[0][:, names.index("late_interaction_score")].tolist() == [-1.0, 1.0]


def test_a_ranker_orders_by_its_weights(pipeline: SearchPipeline) -> None:
    ranked = list(pipeline.rank(QUERIES, ["bm25", "dense"], FUSION, 3))
    ranker = LinearRanker({"coverage": 2.0, "fused_score": 0.1}, 2, 2, "by hand")
    assert LinearRanker.of(ranker.as_json()) == ranker
    scores = LearnedOrder(ranker, "whitespace").scores(pipeline, QUERIES.texts, ranked)[0]
    expected = 2.0 * np.array([0.5, 1.0]) + 0.1 * ranked[0].scores[:2]
    np.testing.assert_allclose(scores, expected, rtol=1e-6)
    assert LearnedOrder(ranker, "whitespace").scores(pipeline, [], []) == []


def test_without_a_bm25_index_it_says_what_to_do(pipeline: SearchPipeline) -> None:
    class OnServer:
        name = "bm25"

    pipeline.retrievers["bm25"] = OnServer()  # type: ignore[assignment]  # as a server's retriever: no index
    with pytest.raises(DataError, match="local"):
        CandidateFeatures(pipeline, "whitespace", 2)
