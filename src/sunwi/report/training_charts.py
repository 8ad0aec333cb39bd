"""Vega-Lite specifications of the training section's charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sunwi.report.charts import Spec
from sunwi.report.inputs import Table


def loss_chart(rows: Table) -> Spec:
    """Training loss by step."""
    values = [
        {"step": int(float(row["step"])), "loss": float(row["loss"])} for row in rows if row.get("loss")
    ]
    return {
        "data": {"values": values},
        "height": 200,
        "mark": {"type": "line", "color": "$accent"},
        "encoding": {
            "x": {"field": "step", "type": "quantitative", "title": "스텝"},
            "y": {"field": "loss", "type": "quantitative", "title": "손실", "scale": {"zero": False}},
            "tooltip": [
                {"field": "step", "title": "스텝"},
                {"field": "loss", "title": "손실", "format": ".4f"},
            ],
        },
    }


def dev_chart(rows: Table) -> Spec:
    """Dev nDCG@10 on low-overlap questions while the embedder trains."""
    parts = (("dense_ndcg10_low_overlap", "dense"), ("fused_ndcg10_low_overlap", "BM25와 융합 (선택 기준)"))
    values = [
        {"step": int(float(row["step"])), "ndcg": float(row[key]), "part": label}
        for row in rows
        for key, label in parts
        if row.get(key)
    ]
    labels = [label for _, label in parts]
    return _curves(values, ("step", "스텝"), ("ndcg", "dev nDCG@10"), labels)


def fusion_chart(rows: Table) -> Spec:
    """Dev MRR by the weight of BM25, on all questions and on those that copy little of their passage.

    Where other weights were tried too, a point is the best of them by the low-overlap questions.
    """
    best: dict[float, Mapping[str, str]] = {}
    for row in rows:
        weight, mrr = float(row["bm25_weight"]), float(row.get("low_overlap_mrr") or 0)
        if weight not in best or mrr > float(best[weight].get("low_overlap_mrr") or 0):
            best[weight] = row
    parts = (("low_overlap_mrr", "겹침이 적은 질문 (선택 기준)"), ("all_mrr", "모든 질문"))
    values = [
        {"weight": weight, "mrr": float(row[key]), "part": label}
        for weight, row in sorted(best.items())
        for key, label in parts
        if row.get(key)
    ]
    labels = [label for _, label in parts]
    return _curves(values, ("weight", "BM25 가중치 (dense = 1)"), ("mrr", "dev MRR"), labels)


def negative_chart(rows: Table) -> Spec:
    """Teacher scores of positives and hard negatives."""
    kinds = {"negatives": "hard negative", "positives": "정답 문단"}
    values = [
        {
            "low": float(row["low"]),
            "high": float(row["high"]),
            "passages": int(row[kind]),
            "kind": label,
        }
        for kind, label in kinds.items()
        for row in rows
    ]
    return {
        "data": {"values": values},
        "height": 200,
        "mark": {"type": "bar", "opacity": 0.65, "binSpacing": 1},
        "encoding": {
            "x": {"field": "low", "bin": {"binned": True}, "title": "교사 점수 (z-score 합)"},
            "x2": {"field": "high"},
            "y": {"field": "passages", "type": "quantitative", "title": "문단 수", "stack": None},
            "color": {
                "field": "kind",
                "type": "nominal",
                "title": None,
                "scale": {"domain": list(kinds.values()), "range": ["$soft", "$accent"]},
            },
        },
    }


def _curves(
    values: Sequence[Mapping[str, Any]], x: tuple[str, str], y: tuple[str, str], labels: Sequence[str]
) -> Spec:
    """One line a `part`, in the order of `labels`; x and y are field and title."""
    return {
        "data": {"values": values},
        "height": 200,
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": {"field": x[0], "type": "quantitative", "title": x[1]},
            "y": {"field": y[0], "type": "quantitative", "title": y[1], "scale": {"zero": False}},
            "color": {"field": "part", "type": "nominal", "title": None, "sort": labels},
        },
    }
