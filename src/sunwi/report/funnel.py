"""The data's way: documents, questions, what was kept, what was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sunwi.qa.reasons import reason_labels

STEPS = (  # metrics, key, label, note
    ("prepare", "documents", "원문 문서", "들여온 그대로"),
    ("prepare", "passages", "문단", "정제·분할한 뒤"),
    ("qa", "candidates", "질문 후보", "생성기가 만든 것"),
    ("qa", "kept", "남은 질문", "필터를 통과한 것"),
    ("qa", "splits.train", "학습 질문", "평가 정답 문서는 제외"),
    ("mine", "rows", "hard negative를 찾은 질문", "임베더 학습용"),
    ("pairs", "train.lists", "후보 목록", "reranker 학습용"),
    ("augment_failures", "used", "겨냥한 실패", "reranker의 둘째 학습용"),
)


def funnel_view(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Steps with their counts (`share` is of the largest), and why questions were refused, most first."""
    counted = [(label, note, _at(metrics.get(source, {}), key)) for source, key, label, note in STEPS]
    steps: list[dict[str, Any]] = [
        {"label": label, "note": note, "count": count} for label, note, count in counted if count is not None
    ]
    largest = max((step["count"] for step in steps), default=0)
    for step in steps:
        step["share"] = round(100 * step["count"] / largest, 2) if largest else 0
    reasons = metrics.get("qa", {}).get("reasons", {})
    labels = reason_labels()
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return {
        "steps": steps,
        "rejected": [{"label": labels.get(reason, reason), "count": count} for reason, count in ordered],
        "evaluation_copies": metrics.get("qa", {}).get("evaluation_copies"),
    }


def _at(value: Any, key: str) -> int | None:
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value if isinstance(value, int) else None
