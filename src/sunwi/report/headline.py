"""The headline numbers, and in words what they allow to be said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sunwi.score.measuring import shown_in

Tone = Literal["good", "bad", "even", "none"]
JUDGEMENTS: dict[Tone, str] = {
    "good": "유의한 상승", "bad": "유의한 하락", "even": "유의한 차이 없음", "none": "비교 대상 없음",
}  # fmt: skip


def headline_view(detail: Mapping[str, Any], name: str, baseline: str) -> dict[str, Any]:
    """Numbers of the headline variant with intervals, and an honest sentence.

    A gain is called one only where the Holm-adjusted p of the paired test is below 1 - confidence.

    Returns
    -------
    dict
        `labelled`; with labels also `map`, `others` (key, label, decimals, measure), `gain` (None for the
        baseline), `queries`, `labelled_queries`, `tone` and its `judgement` in words, `verdict` and `note`
        (None, or which variant scores higher).
    """
    everything = detail.get("all", {})
    variants = everything.get("variants", {})
    if name not in variants:
        return {"labelled": False, "tone": "none", "verdict": "정답(qrels)이 없어 점수를 매기지 않았습니다."}
    measures = variants[name]["measures"]
    gain = variants[name].get("against_baseline", {}).get("map")
    queries = everything["counts"]["queries"]
    tone, verdict = _verdict(gain, baseline, queries, detail["settings"]["confidence"])
    return {
        "labelled": True,
        "name": name,
        "baseline": baseline,
        "map": measures["map"],
        "others": [
            {
                "key": measure.key,
                "label": measure.label,
                "decimals": measure.decimals,
                **measures[measure.key],
            }
            for measure in shown_in("tables")
            if measure.key in measures
        ],
        "gain": gain,
        "queries": queries,
        "labelled_queries": everything["counts"]["labelled_queries"],
        "confidence": round(100 * detail["settings"]["confidence"]),
        "tone": tone,
        "judgement": JUDGEMENTS[tone],
        "verdict": verdict,
        "note": _higher(variants, name),
    }


def _verdict(
    gain: Mapping[str, float] | None, baseline: str, queries: int, confidence: float
) -> tuple[Tone, str]:
    if gain is None:
        return "none", "대표 변형이 곧 기준선이라 비교할 상대가 없습니다."
    size = f"{abs(gain['delta']):.3f}"
    if gain["delta"] == 0:
        return "even", f"평균 MAP이 기준선({baseline})과 같습니다."
    higher = gain["delta"] > 0
    way = "높" if higher else "낮"
    if gain["p_holm"] < round(1 - confidence, 9):  # 1 - 0.95 is a little above 0.05
        tone: Tone = "good" if higher else "bad"
        return tone, f"기준선({baseline})보다 MAP이 {size} {way}고, 이 차이는 통계적으로 유의합니다."
    return "even", (
        f"평균 MAP은 기준선({baseline})보다 {size} {way}지만 통계적으로 유의하지 않습니다. "
        f"질의 {queries:,}개로는 {'나아졌다' if higher else '나빠졌다'}고 말할 수 없습니다."
    )


def _higher(variants: Mapping[str, Any], name: str) -> str | None:
    best = max(sorted(variants), key=lambda variant: variants[variant]["measures"]["map"]["mean"])
    if best == name or variants[best]["measures"]["map"]["mean"] == variants[name]["measures"]["map"]["mean"]:
        return None
    return (
        f"평가 질의에서 MAP이 가장 높은 변형은 {best}"
        f"({variants[best]['measures']['map']['mean']:.3f})입니다. 평가 점수를 보고 고르면 낙관적으로 "
        f"치우치므로, 대표 변형은 params.yaml에 미리 정한 {name}입니다."
    )
