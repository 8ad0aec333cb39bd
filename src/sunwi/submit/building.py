"""One submission variant: rank, re-rank, filter, with the lineage of every place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sunwi.params import SubmissionParams
from sunwi.records import LineageRow, SubmissionRow, UnderstoodQuery
from sunwi.search.batch import QueryBatch
from sunwi.search.blend import FIRST, blend, order_of
from sunwi.search.pipeline import Fusion, RankedQuery, SearchPipeline
from sunwi.search.reranking import SCORERS, Rerankers
from sunwi.trec import Run

LINEAGE_DEPTH = 10  # candidates a query whose way to their place is written down


@dataclass(frozen=True, slots=True)
class Submission:
    """Rows for the competition, the deep run for measures, and how each place came about."""

    rows: list[SubmissionRow]
    run: Run
    lineage: list[LineageRow]
    metrics: dict[str, Any]


def fusion_of(variant: SubmissionParams, fitted: Mapping[str, Mapping[str, float]]) -> Fusion:
    """The variant's fusion; "calibrated" takes the weights fitted for its set of retrievers."""
    if variant.fusion == "calibrated":
        return Fusion("weighted", fitted["+".join(sorted(variant.retrievers))])
    return Fusion(variant.fusion, variant.weights, variant.rrf_k, variant.depth)


def build(
    variant: SubmissionParams,
    understood: Sequence[UnderstoodQuery],
    queries: QueryBatch,
    pipeline: SearchPipeline,
    fusion: Fusion,
    rerankers: Rerankers | None,
    weights: Mapping[str, float],
    rerank_depth: int,
) -> Submission:
    """Every dialogue in one row; `queries` are the understood ones in the same order.

    Chit-chat gets an empty topk if the variant filters, and stays in the run: the run tells what search
    finds, the topk what is submitted.
    """
    rows, lineage = [], []
    run: Run = {}
    names = sorted(set(variant.retrievers))
    ranked = list(pipeline.rank(queries, names, fusion, variant.depth))
    orders = _reranked(ranked, queries, pipeline, rerankers, SCORERS[variant.rerank], weights, rerank_depth)
    for query, one, (order, extra) in zip(understood, ranked, orders, strict=True):
        groups = [pipeline.passages.groups[at] for at in one.positions]
        emptied = variant.empty_filter and not query.needs_retrieval
        best = [] if emptied else [groups[at] for at in order[: variant.k]]
        # Places, not scores: a re-ranked head and a fused tail have no common scale.
        run[query.qid] = {groups[at]: float(len(order) - place) for place, at in enumerate(order)}
        rows.append(SubmissionRow(eval_id=query.eval_id, standalone_query=query.standalone_query, topk=best))
        lineage.append(
            LineageRow(
                eval_id=query.eval_id,
                standalone_query=query.standalone_query,
                needs_retrieval=query.needs_retrieval,
                reason="no retrieval needed" if emptied else f"ranked; {query.source}",
                candidates=[
                    _lineage(one, groups, at, place, extra)
                    for place, at in enumerate(order[:LINEAGE_DEPTH], start=1)
                ],
            )
        )
    metrics = {
        "queries": len(rows),
        "empty_topk": sum(not row.topk for row in rows),
        "weights": {name: float(fusion.weights.get(name, 1.0)) for name in names},
        "rerankers_not_trained": [name for name in SCORERS[variant.rerank] if name not in weights],
        "rerank_weights": {name: float(weight) for name, weight in sorted(weights.items())},
    }
    return Submission(rows, run, lineage, metrics)


def _reranked(
    ranked: Sequence[RankedQuery],
    queries: QueryBatch,
    pipeline: SearchPipeline,
    rerankers: Rerankers | None,
    scorers: Sequence[str],
    weights: Mapping[str, float],
    depth: int,
) -> list[tuple[list[int], dict[str, np.ndarray[Any, Any]]]]:
    """Per query the places in their final order, and the rerankers' scores of the first `depth`."""
    used = [name for name in scorers if weights.get(name, 0.0) > 0]
    if rerankers is None or not used:
        return [(list(range(len(one.positions))), {}) for one in ranked]
    texts = pipeline.passages.texts
    pairs = [
        (text, texts[at])
        for one, text in zip(ranked, queries.texts, strict=True)
        for at in one.positions[:depth]
    ]
    scores = {name: rerankers.score(name, pairs) for name in used}
    found = []
    start = 0
    for one in ranked:
        size = min(depth, len(one.positions))
        extra = {name: values[start : start + size] for name, values in scores.items()}
        start += size
        head = order_of(blend({FIRST: one.scores[:size], **extra}, weights)).tolist()
        found.append((head + list(range(size, len(one.positions))), extra))
    return found


def _lineage(
    one: RankedQuery, groups: Sequence[str], at: int, place: int, extra: Mapping[str, np.ndarray[Any, Any]]
) -> dict[str, float | int | str | None]:
    entry: dict[str, float | int | str | None] = {
        "docid": groups[at],
        "rank": place,
        "fused_rank": at + 1,
        "fused_score": round(float(one.scores[at]), 5),
    }
    for name in sorted(one.components):
        entry[f"{name}_score"] = round(float(one.components[name][at]), 5)
        entry[f"{name}_rank"] = int(one.ranks[name][at])
    for name, values in sorted(extra.items()):
        entry[f"{name}_score"] = round(float(values[at]), 5) if at < len(values) else None
    return entry
