"""One submission variant: rank and re-rank, then finish; the lineage tells every place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sunwi.llm.task import Completer
from sunwi.params.submissions import SubmissionParams
from sunwi.records.ranking import RankedDocument, Ranking
from sunwi.records.submissions import UnderstoodQuery
from sunwi.search.fusion.method import FUSIONS, Fitted, Fusion
from sunwi.search.learned.order import LearnedOrder
from sunwi.search.passages import QueryBatch
from sunwi.search.pipeline import RankedQuery, SearchPipeline
from sunwi.search.rerank.blend import FIRST, blend, order_of, probabilities
from sunwi.search.rerank.rerankers import Rerankers
from sunwi.search.rerank.trained import SCORERS
from sunwi.submit.finishing import Submission, finish
from sunwi.submit.multi_query import Search, rank_multi_query, searches

PROBABILITY = "probability"  # of answering, by the blend's calibration


@dataclass(frozen=True, slots=True)
class RerankPlan:
    """How a variant re-orders its first places.

    Attributes
    ----------
    rerankers
        None: the fused order stays.
    weights
        Of the rerankers in the blend.
    depth
        How many places are re-ordered.
    calibration
        Of the blend with these weights: the lineage then tells how likely each re-ranked passage answers.
    learned
        The linear ranker of `rerank: learned`, in the place of a blend.
    """

    rerankers: Rerankers | None
    weights: Mapping[str, float]
    depth: int
    calibration: Mapping[str, float] | None
    learned: LearnedOrder | None = None


def fusion_of(variant: SubmissionParams, fitted: Fitted) -> Fusion:
    """The variant's fusion; "calibrated" takes the weights fitted for its set of retrievers.

    Raises
    ------
    DataError
        If the method refuses the variant's settings.
    """
    return FUSIONS.load(variant.fusion).of_variant(variant.fusion, variant, fitted)


def build_understood(
    variant: SubmissionParams,
    understood: Sequence[UnderstoodQuery],
    batch: Callable[[Sequence[str], Sequence[str]], QueryBatch],
    pipeline: SearchPipeline,
    fusion: Fusion,
    plan: RerankPlan,
    client: Completer | None = None,
) -> Submission:
    """`build`, with the searches that the variant asks for; only these searches are encoded.

    Parameters
    ----------
    batch
        Ids and texts to analysed and encoded queries.
    """
    if not understood:  # a source without dev dialogues: no model is loaded for them
        return Submission([], {}, [], {})
    queries, cascade = batches(variant, understood, batch)
    return build(variant, understood, queries, pipeline, fusion, plan, cascade, client)


def batches(
    variant: SubmissionParams,
    understood: Sequence[UnderstoodQuery],
    batch: Callable[[Sequence[str], Sequence[str]], QueryBatch],
) -> tuple[QueryBatch, tuple[list[Search], QueryBatch] | None]:
    """The standalone queries, and a multi-query variant's searches; `batch` as in `build_understood`."""
    queries = batch([row.qid for row in understood], [row.standalone_query for row in understood])
    if variant.queries == ["standalone"]:
        return queries, None
    wordings = searches(understood, variant.queries, variant.query_weights)
    owners = [understood[search.row].qid for search in wordings]
    return queries, (wordings, batch(owners, [search.text for search in wordings]))


def build(
    variant: SubmissionParams,
    understood: Sequence[UnderstoodQuery],
    queries: QueryBatch,
    pipeline: SearchPipeline,
    fusion: Fusion,
    plan: RerankPlan,
    cascade: tuple[Sequence[Search], QueryBatch] | None = None,
    client: Completer | None = None,
) -> Submission:
    """Every dialogue in one row; `queries` are the understood ones in the same order.

    Chit-chat gets an empty topk if the variant filters, and stays in the run: the run has what search
    finds, the topk what is submitted.

    Parameters
    ----------
    cascade
        The searches of a multi-query variant with their batch; None: the standalone queries alone.
    client
        The LLM of variants that ask one.
    """
    rankings = rank_and_rerank(variant, queries, pipeline, fusion, plan, cascade)
    names, scorers = sorted(set(variant.retrievers)), SCORERS.get(variant.rerank, ())
    submission = finish(variant, understood, rankings, pipeline.passages.text_of, client)
    submission.metrics.update(
        {
            "weights": {name: float(fusion.weights.get(name, 1.0)) for name in names},
            "rerankers_not_trained": [name for name in scorers if name not in plan.weights],
            "rerank_weights": {name: float(weight) for name, weight in sorted(plan.weights.items())},
        }
    )
    if plan.learned is not None:
        submission.metrics["learned"] = {
            "used": plan.learned.ranker.used,
            "reason": plan.learned.ranker.reason,
        }
    if cascade is not None:
        submission.metrics["searches"] = {
            arm: sum(search.arm == arm for search in cascade[0]) for arm in variant.queries
        }
    return submission


def rank_and_rerank(
    variant: SubmissionParams,
    queries: QueryBatch,
    pipeline: SearchPipeline,
    fusion: Fusion,
    plan: RerankPlan,
    cascade: tuple[Sequence[Search], QueryBatch] | None = None,
) -> list[Ranking]:
    """Each query's ranking before the chit-chat filter, the LLM's steps and the cut; arguments as `build`."""
    names = sorted(set(variant.retrievers))
    if cascade is None:
        ranked = list(pipeline.rank(queries, names, fusion, variant.depth))
    else:
        wordings, batch = cascade
        ranked = rank_multi_query(
            wordings, batch, len(queries), pipeline, names, fusion, variant.rrf_k, variant.depth
        )
    if plan.learned is not None and plan.learned.ranker.used:
        return _by_ranker(ranked, queries, pipeline, plan.learned)
    return _reranked(ranked, queries, pipeline, SCORERS.get(variant.rerank, ()), plan)


def _by_ranker(
    ranked: Sequence[RankedQuery], queries: QueryBatch, pipeline: SearchPipeline, learned: LearnedOrder
) -> list[Ranking]:
    """Per query its documents in their order, the first ones by the linear ranker."""
    rankings = []
    for candidates, scores in zip(ranked, learned.scores(pipeline, queries.texts, ranked), strict=True):
        order = order_of(scores).tolist() + list(range(len(scores), len(candidates.positions)))
        rankings.append(_ranking(candidates, pipeline, order, scores, {"learned": scores}))
    return rankings


def _reranked(
    ranked: Sequence[RankedQuery],
    queries: QueryBatch,
    pipeline: SearchPipeline,
    scorers: Sequence[str],
    plan: RerankPlan,
) -> list[Ranking]:
    """Per query its documents in their order, the first ones by the blend."""
    rerankers, depth = plan.rerankers, plan.depth
    used = [name for name in scorers if plan.weights.get(name, 0.0) > 0]
    if rerankers is None or not used:
        return [
            _ranking(candidates, pipeline, list(range(len(candidates.positions))), candidates.scores, {})
            for candidates in ranked
        ]
    texts = pipeline.passages.texts
    pairs = [
        (text, texts[position])
        for candidates, text in zip(ranked, queries.texts, strict=True)
        for position in candidates.positions[:depth]
    ]
    scores = {name: rerankers.score(name, pairs) for name in used}
    rankings = []
    start = 0
    for candidates in ranked:
        size = min(depth, len(candidates.positions))
        extra = {name: values[start : start + size] for name, values in scores.items()}
        start += size
        blended = blend({FIRST: candidates.scores[:size], **extra}, plan.weights)
        order = order_of(blended).tolist() + list(range(size, len(candidates.positions)))
        if plan.calibration is not None:
            extra[PROBABILITY] = probabilities(blended, plan.calibration).astype(np.float32)
        rankings.append(_ranking(candidates, pipeline, order, blended, extra))
    return rankings


def _ranking(
    candidates: RankedQuery,
    pipeline: SearchPipeline,
    order: Sequence[int],
    final: np.ndarray[Any, Any],
    extra: Mapping[str, np.ndarray[Any, Any]],
) -> Ranking:
    """`final` scores the first len(final) candidates of the list, in the fused order."""
    passages = pipeline.passages
    places = []
    for row in order:
        position = candidates.positions[row]
        score = float(final[row]) if row < len(final) else None
        evidence = _evidence(candidates, row, extra)
        places.append(RankedDocument(passages.groups[position], passages.docids[position], score, evidence))
    return Ranking(places)


def _evidence(
    candidates: RankedQuery, row: int, extra: Mapping[str, np.ndarray[Any, Any]]
) -> dict[str, float | int | str | None]:
    entry: dict[str, float | int | str | None] = {
        "fused_rank": row + 1,
        "fused_score": round(float(candidates.scores[row]), 5),
    }
    for name in sorted(candidates.components):
        entry[f"{name}_score"] = round(float(candidates.components[name][row]), 5)
        entry[f"{name}_rank"] = int(candidates.ranks[name][row])
    for name, values in sorted(extra.items()):
        key = name if name == PROBABILITY else f"{name}_score"
        entry[key] = round(float(values[row]), 5) if row < len(values) else None
    return entry
