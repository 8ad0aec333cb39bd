"""One request that gives a fused ranking: index, clauses and search pipeline of OpenSearch's hybrid query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sunwi.search.servers.hybrid_weights import DEPTH, RANK_CONSTANT, HybridFit
from sunwi.search.servers.retrievers import lexical_query

TEXT = "${TEXT}"  # in the printed request, where the application's text goes
MODEL = "${MODEL_ID}"
VECTOR = "${VECTOR}"
TOKENS = "${TOKENS}"  # a query's sparse weights by token, where the server does not make them

Clause = dict[str, Any]


def question_field(vector: Mapping[str, Any]) -> dict[str, Any]:
    """The passage's questions, each a vector of its own; the best of them scores."""
    return {"type": "nested", "properties": {"qid": {"type": "keyword"}, "vector": dict(vector)}}


def lexical_clause(analyzer: str, text: str, terms: Sequence[str], bigram_weight: float) -> Clause | None:
    """BM25 by the server's analysis of the text, or over our own terms."""
    if analyzer == "nori":
        return {"match": {"content": {"query": text}}}
    body = lexical_query(terms, bigram_weight)
    return None if body is None else dict(body["query"])


def dense_clause(vector: Sequence[float] | str, depth: int = DEPTH) -> Clause:
    """Nearest passages."""
    return {"knn": {"vector": {"vector": vector, "k": depth}}}


def question_clause(vector: Sequence[float] | str, own: str | None = None, depth: int = DEPTH) -> Clause:
    """Passages by their nearest question; a question never retrieves through itself (`own`)."""
    asked: dict[str, Any] = {"vector": vector, "k": depth}
    if own is not None:
        asked["filter"] = {"bool": {"must_not": [{"term": {"questions.qid": own}}]}}
    return _nested({"knn": {"questions.vector": asked}})


def sparse_clause(tokens: Mapping[str, float] | str) -> Clause:
    """Passages by the products of their tokens' weights and the query's."""
    return {"neural_sparse": {"sparse": {"query_tokens": tokens}}}


def neural_sparse_clause(model: str) -> Clause:
    """The same, with tokens and weights that the server makes of the text."""
    return {"neural_sparse": {"sparse": {"query_text": TEXT, "model_id": model}}}


def neural_clauses(model: str) -> dict[str, Clause]:
    """Dense and question clauses whose vector the server makes of the text."""

    def neural(field: str) -> Clause:
        return {"neural": {field: {"query_text": TEXT, "model_id": model, "k": DEPTH}}}

    return {"dense": neural("vector"), "questions": _nested(neural("questions.vector"))}


def _nested(query: Clause) -> Clause:
    return {"nested": {"path": "questions", "score_mode": "max", "query": query}}


def hybrid_body(clauses: Sequence[Clause]) -> dict[str, Any]:
    """The request; every clause gives its best `DEPTH` to the fusion, however few hits are shown."""
    return {"query": {"hybrid": {"queries": list(clauses), "pagination_depth": DEPTH}}}


def search_pipeline(fit: HybridFit) -> dict[str, Any]:
    """The search pipeline of the index: how the clauses' scores become one."""
    about = f"sunwi: MRR@10 {fit.mrr:.3f} on {fit.questions} dev questions of low overlap"
    if fit.technique == "rrf":
        combination = {"technique": "rrf", "rank_constant": RANK_CONSTANT}
        processor = {"score-ranker-processor": {"combination": combination}}
    else:
        weights = [fit.weights[name] for name in fit.names]
        processor = {
            "normalization-processor": {
                "normalization": {"technique": "min_max"},
                "combination": {"technique": "arithmetic_mean", "parameters": {"weights": weights}},
            }
        }
    return {"description": about, "phase_results_processors": [processor]}


def request_for_text(
    fit: HybridFit, analyzer: str, model: str | None, sparse_model: str | None = None
) -> dict[str, Any]:
    """The request that an application sends, with `TEXT` in it; without models also `VECTOR` and `TOKENS`."""
    known: dict[str, Clause] = {
        "bm25": {"match": {"content" if analyzer == "nori" else "terms": {"query": TEXT}}},
        "dense": dense_clause(VECTOR),
        "questions": question_clause(VECTOR),
        "sparse": neural_sparse_clause(sparse_model) if sparse_model else sparse_clause(TOKENS),
        **(neural_clauses(model) if model else {}),
    }
    return {"size": 10, "_source": ["content"], **hybrid_body([known[name] for name in fit.names])}


def rounded(vector: npt.NDArray[np.floating[Any]]) -> list[float]:
    """A vector as it is sent."""
    return [round(float(x), 6) for x in np.asarray(vector, dtype=np.float32)]
