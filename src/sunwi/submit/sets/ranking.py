"""The rankings of systems on evaluation sets; texts are encoded once, whatever asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from sunwi.corpus.sets.reading import EvaluationSet
from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.params.whole import Params
from sunwi.query.standalone import standalone_query
from sunwi.search.index.bm25 import Bm25
from sunwi.search.index.terms import index_terms, term_stream
from sunwi.search.passages import Passages, QueryBatch
from sunwi.search.pipeline import SearchPipeline
from sunwi.search.rerank.rerankers import Rerankers
from sunwi.search.rerank.trained import TrainedReranker
from sunwi.search.retrievers.base import Retriever
from sunwi.search.retrievers.bm25 import Bm25Retriever
from sunwi.search.retrievers.dense import DenseRetriever
from sunwi.search.retrievers.m3_lexical import M3LexicalRetriever
from sunwi.submit.building import RerankPlan, rank_and_rerank
from sunwi.submit.sets.systems import System
from sunwi.submit.variant import rerank_plan
from sunwi.trec import Run
from sunwi.workspace.base import Workspace


@dataclass
class PreparedSet:
    """A set as the retrievers see it; the BM25 index is made at the first system that searches by it."""

    of: EvaluationSet
    passages: Passages
    texts: list[str]
    terms: list[list[str]]
    bm25: Bm25Retriever
    retrievers: dict[str, Retriever] = field(default_factory=dict)  # of the model in use


def prepare_set(found: EvaluationSet, params: Params) -> PreparedSet:
    """Passages, and each query as it is searched: the last turn with what it refers to."""
    passages = Passages.of(found.documents)
    query = params.query
    texts = [standalone_query(row.messages, query.context_terms, query.context) for row in found.queries]
    terms = index_terms(texts, params.bm25.tokenizer, "queries' morphemes")
    bm25 = Bm25Retriever(lambda: Bm25(term_stream(passages.texts, params.bm25.tokenizer), params.bm25))
    return PreparedSet(found, passages, texts, terms, bm25)


def rank_sets(
    sets: Sequence[PreparedSet],
    systems: Sequence[System],
    params: Params,
    workspace: Workspace,
    notify: Callable[[str], None],
) -> Iterator[tuple[System, PreparedSet, Run]]:
    """The ranking of every set by every system, one model after another: one is in memory at a time.

    Scores of a run are falling whole numbers in the order of the ranking, which a reranker may have changed.
    """
    for spec in dict.fromkeys(system.model for system in systems):
        encoder = Encoder.of(resolve(spec), params.encoder)
        for prepared in sets:
            prepared.retrievers.clear()
            for system in systems:
                if system.model == spec:
                    notify(f"{prepared.of.name}: {system.name}")
                    yield system, prepared, _run(prepared, system, encoder, params, workspace)
            prepared.retrievers.clear()


def _run(
    prepared: PreparedSet, system: System, encoder: Encoder, params: Params, workspace: Workspace
) -> Run:
    retrievers = [
        _retriever(name, prepared, encoder, params) for name in sorted(set(system.variant.retrievers))
    ]
    queries = _queries(prepared, system, encoder, params)
    plan = _plan(system, encoder, params, workspace)
    pipeline = SearchPipeline(prepared.passages, retrievers)
    rankings = rank_and_rerank(system.variant, queries, pipeline, system.fusion, plan)
    run: Run = {}
    for qid, ranking in zip(queries.qids, rankings, strict=True):
        ids = ranking.document_ids
        run[qid] = {docid: float(len(ids) - place) for place, docid in enumerate(ids)}
    return run


def _retriever(name: str, prepared: PreparedSet, encoder: Encoder, params: Params) -> Retriever:
    if name == "bm25":
        return prepared.bm25
    if name not in prepared.retrievers:
        texts, limits = prepared.passages.texts, params.encoder
        made: Retriever
        if name == "dense":
            label = f"encode {prepared.of.name}"
            vectors = encoder.encode(texts, "passage", limits.max_length, label, keep_tokens=False)
            made = DenseRetriever(vectors)
        else:
            made = M3LexicalRetriever(encoder, texts, limits)
        prepared.retrievers[name] = made
    return prepared.retrievers[name]


def _queries(prepared: PreparedSet, system: System, encoder: Encoder, params: Params) -> QueryBatch:
    qids = [query.qid for query in prepared.of.queries]
    if "dense" in system.variant.retrievers:
        limit = params.encoder.query_max_length
        vectors = encoder.encode(prepared.texts, "query", limit, f"encode queries of {prepared.of.name}")
    else:
        vectors = np.zeros((len(qids), 0), dtype=np.float16)
    return QueryBatch(qids, prepared.texts, prepared.terms, vectors)


def _plan(system: System, encoder: Encoder, params: Params, workspace: Workspace) -> RerankPlan:
    if system.of_project:
        return rerank_plan(workspace, system.variant, encoder)
    depth = system.variant.rerank_depth or system.variant.depth
    if system.reranker is None:
        return RerankPlan(None, {}, depth, None)
    trained = TrainedReranker("cross_encoder", resolve(system.reranker).folder)
    rerankers = Rerankers(encoder, trained, params.encoder, params.train_reranker.max_length)
    return RerankPlan(rerankers, {"retriever": 0.0, "cross_encoder": 1.0}, depth, None)
