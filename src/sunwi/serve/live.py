"""Live rankings of any variant of params.yaml, for texts that somebody types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from sunwi.errors import DataError
from sunwi.params.bm25 import Bm25Params
from sunwi.params.combinations import CombinationParams
from sunwi.params.encoder import EncoderParams
from sunwi.params.query import QueryParams
from sunwi.params.train_reranker import TrainRerankerParams
from sunwi.params.variants import VariantSections
from sunwi.paths import INDEX, RERANKER
from sunwi.query.variants import rule_variants
from sunwi.records.files import read_json
from sunwi.records.ranking import RankedDocument, Ranking
from sunwi.records.submissions import UnderstoodQuery
from sunwi.search.index.terms import index_terms
from sunwi.search.passages import QueryBatch
from sunwi.search.rerank.rerankers import Rerankers
from sunwi.search.rerank.trained import trained_reranker
from sunwi.search.servers.pipeline import fusion_there
from sunwi.submit.building import batches, fusion_of, rank_and_rerank
from sunwi.submit.combination import arbiter_client, first_place_judge, union_blend, vote_weights
from sunwi.submit.combining import OrderedBy, combine
from sunwi.submit.finishing import finish
from sunwi.submit.variant import SubmitSections, rerank_plan, search_pipeline
from sunwi.workspace.base import Workspace, loaded_once
from sunwi.workspace.corpus import passage_texts
from sunwi.workspace.encoders import Which, encoder, query_batch

if TYPE_CHECKING:
    from sunwi.llm.client import LlmClient
    from sunwi.search.fusion.method import Fusion
    from sunwi.search.pipeline import SearchPipeline
    from sunwi.submit.building import RerankPlan

SOURCE = "typed"  # what `source` of an understood query says


class LiveSections(VariantSections):
    """The sections that live search reads."""

    bm25: Bm25Params = Bm25Params()
    encoder: EncoderParams = EncoderParams()
    query: QueryParams = QueryParams()
    train_reranker: TrainRerankerParams = TrainRerankerParams()


@dataclass(frozen=True, slots=True)
class Searcher:
    """What a variant that searches is built of."""

    pipeline: SearchPipeline
    fusion: Fusion
    plan: RerankPlan


@loaded_once
def searcher(workspace: Workspace, name: str) -> Searcher:
    """One variant's pipeline, fusion and rerankers."""
    params = workspace.params(SubmitSections)
    variant = params.searching[name]
    model = encoder(workspace, variant.encoder)
    fusion = fusion_of(variant, read_json(workspace.path(INDEX) / f"fusion_{variant.encoder}.json"))
    pipeline = _pipeline(workspace, variant.encoder, frozenset(variant.retrievers), name)
    fusion, _ = fusion_there(pipeline, fusion, variant.retrievers, variant.rrf_k, variant.depth)
    return Searcher(pipeline, fusion, rerank_plan(workspace, variant, model))


def _pipeline(workspace: Workspace, which: Which, retrievers: frozenset[str], name: str) -> SearchPipeline:
    """Variants of one encoder share their indexes, unless they search by retrievers of their own."""
    params = workspace.params(SubmitSections)
    extra = retrievers & {"lexical", "sparse"}
    return workspace.once(
        ("live pipeline", which, extra),
        lambda: search_pipeline(workspace, params.searching[name], encoder(workspace, which), params.sparse),
    )


def rank_live(
    workspace: Workspace, name: str, texts: Sequence[str], client: LlmClient | None = None
) -> list[Ranking]:
    """A ranking for each text, with the evidence of every step.

    Raises
    ------
    DataError
        If params.yaml has no such variant, a text is empty, or the variant asks an LLM and there is none.
    """
    variants = workspace.params(VariantSections).variants
    if name not in variants:
        raise DataError(f"params.yaml has no variant {name!r}", f"choose one of: {', '.join(variants)}")
    if empty := [place for place, text in enumerate(texts, start=1) if not text.strip()]:
        raise DataError(f"query {empty[0]} of {len(texts)} is empty", "give it text")
    wordings = workspace.params(LiveSections).query.variants
    understood = [
        UnderstoodQuery(
            eval_id=place,
            standalone_query=text,
            needs_retrieval=True,
            variants=rule_variants(text, wordings),
            source=SOURCE,
        )
        for place, text in enumerate(texts)
    ]
    variant = variants[name]
    if isinstance(variant, CombinationParams):
        # one by one: a swap's limit counts queries, and a query's answer must not depend on its neighbours
        return [_combined(workspace, name, query, client) for query in understood]
    rankings = _searched(workspace, name, understood)
    if not variant.asks_llm:
        return rankings
    texts_of = passage_texts(workspace)
    submission = finish(variant, understood, rankings, texts_of, client)
    return [ranking.reordered(row.docids) for ranking, row in zip(rankings, submission.rankings, strict=True)]


def _searched(workspace: Workspace, name: str, understood: Sequence[UnderstoodQuery]) -> list[Ranking]:
    built, variant = searcher(workspace, name), workspace.params(SubmitSections).searching[name]
    model, tokenizer = encoder(workspace, variant.encoder), workspace.params(LiveSections).bm25.tokenizer
    by_words = set(variant.retrievers) == {"bm25"} and variant.rerank == "none"

    def batch(qids: Sequence[str], texts: Sequence[str]) -> QueryBatch:
        if not by_words:
            return query_batch(workspace, model, qids, texts)
        unused = np.zeros((len(texts), 0), dtype=np.float16)
        return QueryBatch(list(qids), list(texts), index_terms(texts, tokenizer), unused)

    queries, cascade = batches(variant, understood, batch)
    return rank_and_rerank(variant, queries, built.pipeline, built.fusion, built.plan, cascade)


def _combined(workspace: Workspace, name: str, query: UnderstoodQuery, client: LlmClient | None) -> Ranking:
    combinations = workspace.params(VariantSections).combinations

    def read(variant: str) -> Mapping[str, Ranking]:
        # with its LLM steps, as the rankings that the stage combine reads
        return {query.qid: rank_live(workspace, variant, [query.standalone_query], client)[0]}

    judge = first_place_judge(
        workspace, name, combinations, arbiter_client(workspace, name, combinations, client)
    )
    by = OrderedBy(
        lambda which: rerankers(workspace, which),
        lambda union: union_blend(workspace, union),
        lambda union: vote_weights(workspace, union),
        client,
        judge,
    )
    submission = combine(name, combinations, read, [query], passage_texts(workspace), by)
    row = submission.rankings[0]
    evidence = {str(entry["docid"]): entry for entry in submission.lineage[0].candidates}
    scores: list[float | None] = [*row.scores, *[None] * (len(row.docids) - len(row.scores))]
    return Ranking(
        [
            RankedDocument(document, passage, score, evidence.get(document, {}))
            for document, passage, score in zip(row.docids, row.passages, scores, strict=True)
        ]
    )


@loaded_once
def rerankers(workspace: Workspace, which: Literal["base", "promoted"]) -> Rerankers:
    """MaxSim of one encoder, and the trained reranker where there is one."""
    params = workspace.params(LiveSections)
    trained = trained_reranker(workspace.path(RERANKER))
    return Rerankers(encoder(workspace, which), trained, params.encoder, params.train_reranker.max_length)
