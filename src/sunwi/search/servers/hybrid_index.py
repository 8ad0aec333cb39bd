"""An index for one request: text, vectors, questions, and the search pipeline with its fitted weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sunwi.errors import EngineError
from sunwi.models.encoder import Vectors
from sunwi.params.bm25 import Bm25Params
from sunwi.params.fusion import FusionParams
from sunwi.params.search import SearchParams
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.passages import Passages, QueryBatch
from sunwi.search.servers.bulk import BulkReport, Item
from sunwi.search.servers.fill import Found
from sunwi.search.servers.hybrid import (
    dense_clause,
    lexical_clause,
    question_clause,
    question_field,
    request_for_text,
    rounded,
    search_pipeline,
    sparse_clause,
)
from sunwi.search.servers.hybrid_weights import DEPTH, HybridFit, fit_hybrid
from sunwi.search.servers.index import (
    Dialect,
    SparseField,
    check_version,
    index_body,
    lexical_texts,
    pick_analyzer,
)
from sunwi.search.servers.msearch import search_many
from sunwi.search.servers.publish import aliased, publish
from sunwi.search.servers.retrievers import query_tokens
from sunwi.search.servers.server import Server, ask

if TYPE_CHECKING:
    from sunwi.models.sparse.vectors import SparseVectors

MINIMUM = (2, 19)  # pagination_depth, and fusion by ranks


@dataclass(frozen=True, slots=True)
class QuestionIndex:
    """Questions of the passages with their vectors [questions, dimensions]."""

    vectors: Vectors
    qids: Sequence[str]
    docids: Sequence[str]


@dataclass(frozen=True, slots=True)
class SparseIndex:
    """The sparse encoder's part: the passages' field, the vectors of queries, the query side's model.

    `model` is its id on the server; None: the application sends the query's tokens.
    """

    field: SparseField
    queries: SparseVectors
    model: str | None


@dataclass(frozen=True, slots=True)
class HybridIndex:
    """The index, its pipeline's weights, and the request that gives the fused ranking of a text."""

    name: str
    alias: str
    analyzer: str
    documents: int
    report: BulkReport | None
    fit: HybridFit
    request: dict[str, Any]


def build_hybrid(
    server: Server,
    dialect: Dialect,
    passages: Passages,
    search: SearchParams,
    bm25: Bm25Params,
    fusion: FusionParams,
    vectors: Vectors,
    questions: QuestionIndex,
    dev: tuple[QueryBatch, Sequence[LabelledQuestion]],
    model: str | None,
    sparse: SparseIndex | None = None,
) -> HybridIndex:
    """Index the corpus, fit the weights on dev questions over the server's own scores, write the pipeline.

    The pipeline has the index's name and is its default, so a search of the alias is fused without a word
    about it. It changes with the index, in one step.

    Parameters
    ----------
    model
        Id of the query encoder on the server; None: the application sends the vector.
    sparse
        A neural sparse encoder, which becomes a clause of its own; its queries are the dev questions.

    Raises
    ------
    EngineError
        If the server is no OpenSearch of 2.19 or later, lacks nori or neural-search, or refuses something.
    """
    if server.engine != "opensearch":
        what = "hybrid queries with a search pipeline are OpenSearch's"
        raise EngineError(server.engine, what, "give --engine opensearch, or --with promoted")
    version = check_version(server, dialect)
    if tuple(int(part) for part in version.split(".")[:2]) < MINIMUM:
        raise EngineError(server.engine, f"version {version} is too old for hybrid queries", "use 2.19")
    analyzer = pick_analyzer(server, "terms" if search.analyzer == "terms" else "nori")
    body = index_body(dialect, analyzer, bm25, vectors.shape[1], sparse=sparse is not None)
    field = body["mappings"]["properties"]["vector"]
    body["mappings"]["properties"] |= {
        "content": body["mappings"]["properties"].get("content", {"type": "text"})
    }
    body["mappings"]["properties"]["questions"] = question_field(field)
    items = _items(passages, analyzer, bm25, vectors, questions, sparse)
    complete = len({bool(source["questions"]) for _, source in items}) == 1  # all have some, or none has
    found: list[HybridFit] = []

    def ready(name: str) -> None:
        components = _components(server, name, passages, analyzer, bm25, dev[0], sparse)
        limits = fusion.low_overlap, fusion.min_questions
        fit = fit_hybrid(components, dev[1], len(passages), *limits, complete=complete)
        ask(server, "PUT", f"/_search/pipeline/{name}", search_pipeline(fit))
        ask(server, "PUT", f"/{name}/_settings", {"index.search.default_pipeline": name})
        found.append(fit)

    before = aliased(server, search.index)
    name, report = publish(server, search, body, items, ready)
    for old in before:
        if old != name:
            server.send("DELETE", f"/_search/pipeline/{old}")
    request = request_for_text(found[0], analyzer, model, sparse.model if sparse else None)
    return HybridIndex(name, search.index, analyzer, len(items), report, found[0], request)


def _items(
    passages: Passages,
    analyzer: str,
    bm25: Bm25Params,
    vectors: Vectors,
    questions: QuestionIndex,
    sparse: SparseIndex | None,
) -> list[Item]:
    own: list[list[dict[str, Any]]] = [[] for _ in range(len(passages))]
    owners = passages.positions_of(questions.qids, questions.docids)
    for row in sorted(range(len(owners)), key=lambda row: questions.qids[row]):
        own[owners[row]].append({"qid": questions.qids[row], "vector": rounded(questions.vectors[row])})
    terms = lexical_texts(passages, "terms", bm25) if analyzer == "terms" else []
    items: list[Item] = []
    for position, docid in enumerate(passages.docids):
        source: dict[str, Any] = {
            "content": passages.texts[position],
            "vector": rounded(vectors[position]),
            "questions": own[position],
        }
        if terms:
            source["terms"] = terms[position]
        if sparse is not None:
            source["sparse"] = sparse.field.source(position)
        items.append((docid, source))
    return items


def _components(
    server: Server,
    index: str,
    passages: Passages,
    analyzer: str,
    bm25: Bm25Params,
    queries: QueryBatch,
    sparse: SparseIndex | None = None,
) -> dict[str, list[Found]]:
    """Of each clause and question the hits that the server would fuse."""
    clauses: dict[str, list[dict[str, Any] | None]] = {"bm25": [], "dense": [], "questions": []}
    for row in range(len(queries)):
        vector = rounded(queries.vectors[row])
        text, terms = queries.texts[row], queries.terms[row]
        clauses["bm25"].append(lexical_clause(analyzer, text, terms, bm25.bigram_weight))
        clauses["dense"].append(dense_clause(vector))
        clauses["questions"].append(question_clause(vector, queries.qids[row]))
    if sparse is not None:
        asked = [query_tokens(sparse.queries, row, sparse.field.names) for row in range(len(queries))]
        clauses["sparse"] = [sparse_clause(tokens) if tokens else None for tokens in asked]
    found: dict[str, list[Found]] = {}
    for name, of_queries in clauses.items():
        searches = [
            {"query": clause or {"match_none": {}}, "size": DEPTH, "_source": False} for clause in of_queries
        ]
        found[name] = [_hits(answer, passages) for answer in search_many(server, index, searches, 5)]
    return found


def _hits(answer: Any, passages: Passages) -> Found:
    hits = answer.get("hits", {}).get("hits", [])
    positions = np.array([passages.position[hit["_id"]] for hit in hits], dtype=np.int64)
    return Found(positions, np.array([hit["_score"] for hit in hits], dtype=np.float32))
