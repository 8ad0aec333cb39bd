"""One request, the fused ranking: the index, its search pipeline, and weights by the server's own scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sunwi.errors import EngineError
from sunwi.models.sparse.vectors import SparseVectors
from sunwi.params.bm25 import Bm25Params
from sunwi.params.fusion import FusionParams
from sunwi.params.search import SearchParams
from sunwi.search.index.bm25 import index_terms
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.passages import Passages, QueryBatch
from sunwi.search.servers.fill import Found
from sunwi.search.servers.hybrid import (
    dense_clause,
    hybrid_body,
    lexical_clause,
    question_clause,
    request_for_text,
    rounded,
)
from sunwi.search.servers.hybrid_index import (
    HybridIndex,
    QuestionIndex,
    SparseIndex,
    _components,
    build_hybrid,
)
from sunwi.search.servers.hybrid_weights import HybridFit, fit_hybrid, min_max
from sunwi.search.servers.index import SparseField
from sunwi.search.servers.server import Server, ask

from .conftest import INDEX, Connection, Played

QUESTIONS = ["빛으로 포도당을 만드는 식물", "지각판이 움직이면 땅이 흔들리나", "헤모글로빈과 산소", "용암"]
ANSWERS = ["d1", "d2", "d3", "d5"]
FIT = FusionParams(min_questions=2)


def labels(passages: Passages) -> list[LabelledQuestion]:
    return [
        LabelledQuestion(f"q{at}", text, (passages.position[docid],), "dev", "x", 0.1 * at)
        for at, (text, docid) in enumerate(zip(QUESTIONS, ANSWERS, strict=True))
    ]


@pytest.fixture
def queries(unit_vectors: np.ndarray) -> QueryBatch:
    drawn = np.random.default_rng(9).normal(size=(len(QUESTIONS), unit_vectors.shape[1]))
    vectors = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float16)
    return QueryBatch([f"q{at}" for at in range(4)], QUESTIONS, index_terms(QUESTIONS, "kiwi"), vectors)


@pytest.fixture
def build(connection: Connection, passages: Passages, unit_vectors: np.ndarray, queries: QueryBatch) -> Any:
    server, dialect = connection
    search = SearchParams(index=INDEX, analyzer="terms", bulk_documents=3)
    questions = QuestionIndex(queries.vectors[:3], ["q0", "b", "c"], ["d1", "d1", "d5"])

    def built(model: str | None = None, sparse: SparseIndex | None = None) -> HybridIndex:
        return build_hybrid(
            server, dialect, passages, search, Bm25Params(tokenizer="kiwi"), FIT, unit_vectors, questions,
            (queries, labels(passages)), model, sparse,
        )  # fmt: skip

    return built


@pytest.fixture
def opensearch(played: Played, connection: Connection) -> Server:
    if not (played.real and played.engine == "opensearch"):
        pytest.skip("hybrid queries are OpenSearch's")
    return connection[0]


def test_one_request_gives_the_scores_that_the_weights_were_fitted_on(
    opensearch: Server, build: Any, passages: Passages, queries: QueryBatch
) -> None:
    first = build()
    again = build()
    assert (again.name, again.report, again.fit) == (first.name, None, first.fit)
    bm25 = Bm25Params(tokenizer="kiwi")
    components = _components(opensearch, first.name, passages, "terms", bm25, queries)
    weights = {"bm25": 0.5, "dense": 0.3, "questions": 0.2}
    pipeline = {
        "phase_results_processors": [
            {
                "normalization-processor": {
                    "normalization": {"technique": "min_max"},
                    "combination": {
                        "technique": "arithmetic_mean",
                        "parameters": {"weights": list(weights.values())},
                    },
                }
            }
        ]
    }
    for row in range(len(queries)):
        vector = rounded(queries.vectors[row])
        lexical = lexical_clause("terms", queries.texts[row], queries.terms[row], 1.0)
        clauses = [lexical, dense_clause(vector), question_clause(vector, queries.qids[row])]
        body = {**hybrid_body(clauses), "size": 8, "search_pipeline": pipeline}
        hits = ask(opensearch, "POST", f"/{first.alias}/_search", body)["hits"]["hits"]
        expected = sum(
            weight * min_max(components[name][row], len(passages)) for name, weight in weights.items()
        )
        scores = np.zeros(len(passages))
        for hit in hits:
            scores[passages.position[hit["_id"]]] = hit["_score"]
        np.testing.assert_allclose(scores, expected, atol=2e-6)
    own = components["questions"][0]  # q0 is a question of d1: only the other one of d1 answers
    exact = (1 + queries.vectors[1].astype(np.float32) @ queries.vectors[0].astype(np.float32)) / 2
    assert len(own.positions) == 2
    assert (own.scores.max() >= exact - 1e-3, len(components["questions"][3].positions)) == (True, 2)
    default = ask(opensearch, "GET", f"/{first.name}/_settings")[first.name]["settings"]["index"]["search"]
    assert default == {"default_pipeline": first.name}
    ask(opensearch, "DELETE", f"/_search/pipeline/{first.name}")


def test_a_sparse_encoder_is_a_clause_whose_weight_is_fitted_like_the_others(
    opensearch: Server, build: Any, passages: Passages, queries: QueryBatch
) -> None:
    names = [f"t{column}" for column in range(len(passages))]  # a token of its own for each passage
    each = SparseVectors.of(np.diag(np.linspace(0.5, 2.0, len(passages), dtype=np.float32)))
    asked = np.full((len(QUESTIONS), len(passages)), 0.01, dtype=np.float32)
    asked[range(len(QUESTIONS)), [passages.position[docid] for docid in ANSWERS]] = 3.0
    sparse = SparseIndex(SparseField(each, names), SparseVectors.of(asked), None)
    built = build(sparse=sparse)
    bm25 = Bm25Params(tokenizer="kiwi")
    found = _components(opensearch, built.name, passages, "terms", bm25, queries, sparse)["sparse"]
    for row in range(len(QUESTIONS)):
        expected = asked[row] * np.diag(each.matrix().toarray())
        np.testing.assert_allclose(found[row].scores, expected[found[row].positions], rtol=0.01)
        assert len(found[row].positions) == len(passages)
    assert (built.fit.mrr, built.fit.technique) == (1.0, "min_max")
    assert built.fit.weights["sparse"] > 0, "it alone finds every answer"
    clauses = built.request["query"]["hybrid"]["queries"]
    at = built.fit.names.index("sparse")
    assert clauses[at] == {"neural_sparse": {"sparse": {"query_tokens": "${TOKENS}"}}}
    ask(opensearch, "DELETE", f"/_search/pipeline/{built.name}")


def test_a_model_on_the_server_makes_the_tokens_of_the_text() -> None:
    fit = HybridFit("min_max", {"dense": 0.5, "sparse": 0.5}, 1.0, 0.5, 3)
    sent = request_for_text(fit, "nori", "m1", "m2")["query"]["hybrid"]["queries"]
    assert sent[1] == {"neural_sparse": {"sparse": {"query_text": "${TEXT}", "model_id": "m2"}}}


def test_another_server_is_refused_with_what_to_do(played: Played, build: Any) -> None:
    if played.engine == "opensearch":
        pytest.skip("it knows hybrid queries")
    with pytest.raises(
        EngineError, match=r"OpenSearch's. Next: give --engine opensearch, or --with promoted"
    ):
        build()


def test_weights_go_to_the_clause_that_finds_the_answers() -> None:
    asked = [LabelledQuestion(f"q{at}", "x", (0,), "dev", "x", 0.5) for at in range(4)]
    right = Found(np.array([0, 1, 2]), np.array([3, 2, 1], np.float32))
    wrong = Found(np.array([2, 1, 0]), np.array([9, 8, 1], np.float32))
    fit = fit_hybrid({"bm25": [wrong] * 4, "dense": [right] * 4}, asked, 3, 0.6, 2)
    assert (fit.technique, fit.mrr, fit.questions) == ("min_max", 1.0, 4)
    assert fit.weights["dense"] > fit.weights.get("bm25", 0.0)
    assert sum(fit.weights.values()) == pytest.approx(1.0)


def test_reciprocal_ranks_are_taken_where_every_clause_can_find_every_passage() -> None:
    asked = [LabelledQuestion(f"q{at}", "x", (0,), "dev", "x", 0.5) for at in range(4)]
    # Passage 0 is second in both: 2 / 62 is more than 1 / 61, but min_max gives the last hit nothing.
    first = Found(np.array([1, 0]), np.array([9, 1], np.float32))
    other = Found(np.array([2, 0]), np.array([9, 1], np.float32))
    components = {"bm25": [first] * 4, "questions": [other] * 4}
    fit = fit_hybrid(components, asked, 3, 0.6, 2)
    assert (fit.technique, fit.mrr) == ("rrf", 1.0)
    fit = fit_hybrid(components, asked, 3, 0.6, 2, complete=False)
    assert (fit.technique, fit.mrr, fit.mrr_rrf) == ("min_max", 0.5, 1.0)


def test_a_single_hit_and_hits_of_one_score_count_fully() -> None:
    assert min_max(Found(np.array([1]), np.array([7], np.float32)), 3).tolist() == [0, 1, 0]
    assert min_max(Found(np.array([1, 0]), np.array([7, 7], np.float32)), 3).tolist() == [1, 1, 0]
    assert min_max(Found(np.zeros(0, dtype=np.int64), np.zeros(0, np.float32)), 2).tolist() == [0, 0]
