"""A submission variant of a project: which retrievers, weights and rerankers it is built with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sunwi.models.encoder import Encoder
from sunwi.models.sparse.cache import cached_passages
from sunwi.models.sparse.encoder import load_sparse
from sunwi.params.bm25 import Bm25Params
from sunwi.params.encoder import EncoderParams
from sunwi.params.score import ScoreParams
from sunwi.params.search import SearchParams
from sunwi.params.sparse import SparseParams
from sunwi.params.submissions import SubmissionParams
from sunwi.params.train_reranker import TrainRerankerParams
from sunwi.params.variants import VariantSections
from sunwi.paths import INDEX, RERANKER, SPARSE, STAGE1
from sunwi.records.files import read_json
from sunwi.records.submissions import UnderstoodQuery
from sunwi.search.learned.order import LearnedOrder
from sunwi.search.learned.ranker import LinearRanker
from sunwi.search.passages import QueryBatch
from sunwi.search.pipeline import SearchPipeline
from sunwi.search.rerank.rerankers import Rerankers
from sunwi.search.rerank.trained import trained_reranker
from sunwi.search.retrievers.splade import SpladeRetriever
from sunwi.search.servers.pipeline import fusion_there
from sunwi.submit.building import RerankPlan, build_understood, fusion_of
from sunwi.submit.dev import build_with_dev
from sunwi.submit.finishing import Submission
from sunwi.workspace.base import Workspace
from sunwi.workspace.corpus import passages
from sunwi.workspace.encoders import encoder, query_batch
from sunwi.workspace.llm import llm_client
from sunwi.workspace.serving import serving_pipeline

RERANKERS: dict[str, tuple[Path, Path]] = {  # folder, and the blend that was fitted with it
    "final": (RERANKER, INDEX / "blend.json"),
    "stage1": (STAGE1, INDEX / "blend_stage1.json"),
}


class SubmitSections(VariantSections):
    """The sections that building a variant reads."""

    bm25: Bm25Params = Bm25Params()
    encoder: EncoderParams = EncoderParams()
    search: SearchParams = SearchParams()
    sparse: SparseParams = SparseParams()
    train_reranker: TrainRerankerParams = TrainRerankerParams()
    score: ScoreParams = ScoreParams()


def build_variant(workspace: Workspace, name: str) -> tuple[Submission, Submission]:
    """One variant of params.yaml for the evaluation's dialogues, and for the dev dialogues.

    The first one's metrics tell what the second one reaches.
    """
    params = workspace.params(SubmitSections)
    variant = params.searching[name]
    model = encoder(workspace, variant.encoder)
    search = search_pipeline(workspace, variant, model, params.sparse)
    fusion = fusion_of(variant, read_json(workspace.path(INDEX) / f"fusion_{variant.encoder}.json"))
    fusion, reason = fusion_there(search, fusion, variant.retrievers, variant.rrf_k, variant.depth)
    plan = rerank_plan(workspace, variant, model)
    client = llm_client(workspace) if variant.asks_llm else None

    def batch(qids: Sequence[str], texts: Sequence[str]) -> QueryBatch:
        return query_batch(workspace, model, qids, texts)

    def built(dialogues: Sequence[UnderstoodQuery], suffix: str) -> Submission:  # noqa: ARG001  one form
        return build_understood(variant, dialogues, batch, search, fusion, plan, client)

    submission, dev = build_with_dev(workspace, f"submit_{name}", built, client, params.score.cutoff)
    if params.search.engine != "local":
        told = {"reason": reason} if reason else {}
        submission.metrics["engine"] = {"name": params.search.engine, "fusion": fusion.method, **told}
    return submission, dev


def rerank_plan(workspace: Workspace, variant: SubmissionParams, model: Encoder) -> RerankPlan:
    """The variant's rerankers with their weights; given weights are another blend than the calibrated one."""
    params = workspace.params(SubmitSections)
    depth = variant.rerank_depth or params.train_reranker.depth
    if variant.rerank == "none":
        return RerankPlan(None, {}, depth, None)
    if variant.rerank == "learned":
        stored = read_json(workspace.path(INDEX) / f"ranker_{variant.encoder}.json")
        order = LearnedOrder(LinearRanker.of(stored), params.bm25.tokenizer)
        return RerankPlan(None, {}, depth, None, order)
    limits = (params.encoder, params.train_reranker.max_length)
    if variant.rerank == "late_interaction":  # it needs no training: fitted with the fusion of its encoder
        rerankers, blend = Rerankers(model, None, *limits), INDEX / f"blend_{variant.encoder}.json"
    else:
        trained, blend = RERANKERS[variant.reranker]
        rerankers = Rerankers(model, trained_reranker(workspace.path(trained)), *limits)
    if variant.rerank_weights is not None:
        return RerankPlan(rerankers, dict(variant.rerank_weights.items()), depth, None)
    fitted = read_json(workspace.path(blend))
    calibration = fitted.get("calibration", {}).get(variant.rerank)
    return RerankPlan(rerankers, fitted.get(variant.rerank, {}), depth, calibration)


def search_pipeline(
    workspace: Workspace, variant: SubmissionParams, model: Encoder, limits: SparseParams
) -> SearchPipeline:
    """The encoder's pipeline, with the sparse encoder beside it where the variant searches by it."""
    lexical = model if "lexical" in variant.retrievers else None
    search = serving_pipeline(workspace, variant.encoder, lexical)
    if "sparse" not in variant.retrievers:
        return search
    folder, corpus = workspace.path(SPARSE), passages(workspace)
    learned = load_sparse(folder)
    vectors, _ = cached_passages(learned, folder, corpus.texts, limits.passage_max_length)
    splade = SpladeRetriever(learned, vectors, limits.query_max_length)
    return type(search)(corpus, [*search.retrievers.values(), splade])  # also one that asks a server
