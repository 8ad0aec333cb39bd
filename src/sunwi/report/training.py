"""What each training stage changed on the low-overlap dev questions that decide about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RERANKERS = (  # scorer, stage, what it is
    ("late_interaction", "재순위", "Late interaction"),
    ("late_interaction_tuned", "PEFT", "LoRA late interaction"),
    ("cross_encoder", "PEFT", "LoRA cross-encoder"),
)


def training_rows(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a stage: what it is, its dev MRR before and after, and what was decided.

    Stages whose metrics are not there, or that did not train, are left out; dev figures are a choice's
    grounds, not its proof, which only the test queries of the ladder give.
    """
    return [
        *_embedder(metrics.get("train_embedder", {})),
        *_rerankers(metrics),
        *_targeted(metrics.get("train_reranker_targeted", {})),
    ]


def _embedder(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    candidates = metrics.get("candidates", {})
    base = candidates.get("base_share_1", {})
    if not base:
        return []
    rows = [_row("기본", "기본 인코더 + BM25 융합", None, base.get("fused_mrr"), "비교의 기준")]
    chosen = candidates.get(f"base_share_{metrics.get('base_share', 1):g}", {})
    steps = f"{metrics['steps']:,}스텝, 질문 {metrics['rows']:,}개" if "steps" in metrics else ""
    decision = "튜닝 모델 승격" if metrics.get("promoted") == "tuned" else "기본 모델 유지"
    tuned = _row(
        "튜닝", f"인코더 미세조정 ({steps})", base.get("fused_mrr"), chosen.get("fused_mrr"), decision
    )
    if chosen and metrics.get("promoted") == "tuned":
        tuned |= {
            "low": chosen.get("fused_low"),
            "high": chosen.get("fused_high"),
            "p": chosen.get("fused_p"),
        }
    return [*rows, tuned]


def _rerankers(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    trained = metrics.get("train_reranker", {})
    quality = trained.get("quality", {}).get("low_overlap", {})
    before = quality.get("retriever", {}).get("mrr")
    rows = []
    for scorer, stage, what in RERANKERS:
        after = quality.get(f"{scorer}_blended", {}).get("mrr")
        if before is None or after is None:
            continue
        weight = trained.get("weights", {}).get(scorer, {}).get(scorer, 0.0)
        decision = f"가중치 {weight:g}" if weight else "가중치 0: 쓰지 않음"
        rows.append(_row(stage, what, before, after, decision))
    return rows


def _targeted(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The second stage on failures, by the questions of its gate."""
    if "promoted" not in metrics:
        return []
    decision = "2단계 승격" if metrics["promoted"] else "1단계 유지"
    what = f"실패를 겨냥한 2단계 (gate 질문 {metrics.get('lists_gate', 0):,}개)"
    return [_row("오답 보강", what, metrics.get("all_mrr_before"), metrics.get("all_mrr_after"), decision)]


def system_rows(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Neural sparse retrieval beside the other retrievers on the test queries, best nDCG@10 first.

    `gain` is that over BM25 with interval and p-value; empty where no sparse encoder was trained.
    """
    systems = metrics.get("systems", {})
    return [
        {"name": name, "ndcg10": systems[name]["ndcg10"], "gain": systems[name].get("ndcg10_over_bm25")}
        for name in sorted(systems, key=lambda system: (-systems[system]["ndcg10"], system))
    ]


def _row(stage: str, what: str, before: float | None, after: float | None, decision: str) -> dict[str, Any]:
    return {
        "stage": stage,
        "what": what,
        "before": before,
        "after": after,
        "delta": None if before is None or after is None else after - before,
        "decision": decision,
    }
