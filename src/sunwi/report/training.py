"""What each training stage changed on the low-overlap dev questions that decide about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def training_rows(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a stage: what it is, its dev MRR before and after, and what was decided.

    Stages whose metrics are not there, or that did not train, are left out; dev figures are a choice's
    grounds, not its proof, which only the test queries of the ladder give.
    """
    return [*_embedder(metrics.get("train_embedder", {})), *_rerankers(metrics)]


def _embedder(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    candidates = found.get("candidates", {})
    base = candidates.get("base_share_1", {})
    if not base:
        return []
    rows = [_row("기본", "기본 인코더 + BM25 융합", None, base.get("fused_mrr"), "비교의 기준")]
    chosen = candidates.get(f"base_share_{found.get('base_share', 1):g}", {})
    steps = f"{found['steps']:,}스텝, 질문 {found['rows']:,}개" if "steps" in found else ""
    decision = "튜닝 모델 승격" if found.get("promoted") == "tuned" else "기본 모델 유지"
    tuned = _row(
        "튜닝", f"인코더 미세조정 ({steps})", base.get("fused_mrr"), chosen.get("fused_mrr"), decision
    )
    if chosen and found.get("promoted") == "tuned":
        tuned |= {
            "low": chosen.get("fused_low"),
            "high": chosen.get("fused_high"),
            "p": chosen.get("fused_p"),
        }
    return [*rows, tuned]


def _rerankers(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for key, label in (("train_reranker", "PEFT"), ("train_reranker_targeted", "오답 보강")):
        quality = metrics.get(key, {}).get("quality", {}).get("low_overlap", {})
        before = quality.get("retriever", {}).get("mrr")
        if before is None:
            continue
        weights = metrics[key].get("weights", {})
        for scorer, what in (
            ("late_interaction", "Late interaction"),
            ("cross_encoder", "LoRA cross-encoder"),
        ):
            after = quality.get(f"{scorer}_blended", {}).get("mrr")
            if after is None or (scorer == "late_interaction" and key != "train_reranker"):
                continue
            weight = weights.get(scorer, {}).get(scorer, 0.0)
            decision = f"가중치 {weight:g}" if weight else "가중치 0: 쓰지 않음"
            rows.append(_row(label if scorer == "cross_encoder" else "재순위", what, before, after, decision))
    return rows


def _row(stage: str, what: str, before: float | None, after: float | None, decision: str) -> dict[str, Any]:
    return {
        "stage": stage,
        "what": what,
        "before": before,
        "after": after,
        "delta": None if before is None or after is None else after - before,
        "decision": decision,
    }
