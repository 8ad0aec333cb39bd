"""Hard-negative mining: pool of two retrievers, fused teacher scores, false-negative rules, provenance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sunwi.mining.false_negatives import FalseNegativeRules
from sunwi.params import MiningParams
from sunwi.records import MinedRow
from sunwi.search.batch import QueryBatch
from sunwi.search.bm25 import top
from sunwi.search.fusion import weighted_sum
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.pipeline import SearchPipeline, rank_of
from sunwi.search.retriever import Scores


@dataclass(frozen=True, slots=True)
class Mined:
    """The rows, and what became of every question and candidate."""

    rows: list[MinedRow]
    metrics: dict[str, Any]


def mine_negatives(
    pipeline: SearchPipeline,
    queries: QueryBatch,
    labels: Sequence[LabelledQuestion],
    rules: FalseNegativeRules,
    params: MiningParams,
) -> Mined:
    """Negatives for each question from the union of BM25's and the dense retriever's best.

    The pool is ordered by the fused z-score (dense + `bm25_weight` * BM25), which is also the teacher's
    score. Negatives are the best survivors of the rules within the rank window; a question with too few
    keeps a short row, one with none is left out; both are counted.
    """
    counts: Counter[str] = Counter()
    drops: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    pool_sizes: list[int] = []
    margins: list[float] = []
    rows: list[MinedRow] = []
    weights = {"bm25": params.bm25_weight, "dense": 1.0}
    for block, components in pipeline.blocks(queries, ["bm25", "dense"]):
        fused = weighted_sum(components, weights)
        for at, label in zip(range(len(fused)), labels[block], strict=True):
            counts["questions"] += 1
            scores = {name: of_all[at] for name, of_all in components.items()}
            row, pool_size = _mine_one(label, scores, fused[at], pipeline, rules, params, drops)
            pool_sizes.append(pool_size)
            if not row.neg:
                counts["without_negative"] += 1
                continue
            counts["short"] += len(row.neg) < params.negatives
            margins += [row.pos_scores[0] - score for score in row.neg_scores]
            sources.update(str(entry["source"]) for entry in row.provenance)
            rows.append(row)
    counts["rows"] = len(rows)
    metrics = {
        **{name: counts[name] for name in ("questions", "rows", "short", "without_negative")},
        "drops": dict(sorted(drops.items())),
        "sources": dict(sorted(sources.items())),
        "pool_size_mean": round(float(np.mean(pool_sizes)), 3) if pool_sizes else 0.0,
        "margin_mean": round(float(np.mean(margins)), 4) if margins else 0.0,
    }
    return Mined(rows, metrics)


def _mine_one(
    label: LabelledQuestion,
    scores: dict[str, Scores],
    fused: Scores,
    pipeline: SearchPipeline,
    rules: FalseNegativeRules,
    params: MiningParams,
    drops: Counter[str],
) -> tuple[MinedRow, int]:
    passages = pipeline.passages
    positive = label.relevant[0]
    from_bm25 = {int(at) for at in top(scores["bm25"], params.bm25_depth)[0] if scores["bm25"][at] > 0}
    from_dense = {int(at) for at in top(scores["dense"], params.dense_depth)[0]}
    pool = sorted(from_bm25 | from_dense, key=lambda at: (-fused[at], at))
    window = pool[params.first_rank - 1 : params.last_rank]
    groups = passages.groups
    co_relevant = {groups[at] for at in label.relevant[1:]} - {groups[positive]}
    chosen: list[int] = []
    for at in window:
        if len(chosen) == params.negatives:
            break
        reason = rules.reason(label.text, positive, float(fused[positive]), at, float(fused[at]))
        if groups[at] in co_relevant:
            reason = "co_relevant"
        if reason is None:
            chosen.append(at)
        else:
            drops[reason] += 1
    ranks = {name: rank_of(of_all) for name, of_all in scores.items()}
    row = MinedRow(
        qid=label.qid,
        query=label.text,
        pos=[passages.texts[positive]],
        neg=[passages.texts[at] for at in chosen],
        pos_ids=[passages.docids[positive]],
        neg_ids=[passages.docids[at] for at in chosen],
        pos_scores=[_rounded(fused[positive])],
        neg_scores=[_rounded(fused[at]) for at in chosen],
        provenance=[
            {
                "docid": passages.docids[at],
                "bm25_rank": int(ranks["bm25"][at]),
                "dense_rank": int(ranks["dense"][at]),
                "pool_rank": pool.index(at) + 1,
                "source": _source(at in from_bm25, at in from_dense),
                "rule": "top_survivors",
            }
            for at in chosen
        ],
    )
    return row, len(pool)


def _source(in_bm25: bool, in_dense: bool) -> str:
    if in_bm25 and in_dense:
        return "both"
    return "bm25" if in_bm25 else "dense"


def _rounded(score: np.float32) -> float:
    return round(float(score), 5)
