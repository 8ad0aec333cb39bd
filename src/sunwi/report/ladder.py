"""Every variant on one ladder: how it is made, what it scores, and whether its gain is real."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sunwi.params.combinations import CombinationParams
from sunwi.params.submissions import SubmissionParams
from sunwi.params.whole import Params

ENCODERS = {"base": "기본", "promoted": "튜닝"}
RERANKERS = {
    "none": "-", "late_interaction": "late", "cross_encoder": "cross", "both": "late + cross",
    "late_interaction_tuned": "tuned late", "learned": "learned",
}  # fmt: skip


def ladder_rows(
    params: Params,
    scores: Mapping[str, Mapping[str, float]],
    failures: Mapping[str, Mapping[str, int]],
    submissions: Mapping[str, Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """One row a variant, best MAP first (by name without labels), with the settings that make it."""
    rows = []
    for name in sorted(scores, key=lambda variant: (-scores[variant].get("map", 0.0), variant)):
        row = scores[name]
        rows.append(
            {
                "name": name,
                **_made_of(params.variants[name]),
                "score": row if "map" in row else None,
                "empty": row.get("empty_topk"),
                "dev_map": submissions.get(name, {}).get("dev_map"),
                "failing": failures.get(name, {}).get("total"),
                "is_headline": name == params.headline,
                "is_baseline": name == params.score.baseline,
                "significant": row.get("p_map", 1.0) < round(1 - params.score.confidence, 9),
            }
        )
    return rows


def _made_of(variant: SubmissionParams | CombinationParams) -> dict[str, str]:
    """Encoder, retrievers, fusion and reranker in words; of a combination, what it reads."""
    if isinstance(variant, SubmissionParams):
        return {
            "encoder": ENCODERS[variant.encoder] if "dense" in variant.retrievers else "-",
            "retrievers": " + ".join(variant.retrievers),
            "fusion": variant.fusion if len(variant.retrievers) > 1 else "-",
            "rerank": RERANKERS[variant.rerank] + (" · 1단계" if variant.reranker == "stage1" else ""),
        }
    scorer = variant.union.rerank if variant.union else variant.arbiter.scorer if variant.arbiter else None
    rerank = RERANKERS[scorer] if scorer else "-"
    if variant.arbiter and variant.arbiter.llm:
        rerank = f"LLM, {rerank}"
    return {"encoder": "-", "retrievers": " + ".join(variant.reads), "fusion": variant.kind, "rerank": rerank}
