"""On how many people's questions each choice was made, and how sure it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

NAMES = {
    "bm25": "BM25", "lexical": "M3 낱말", "questions": "질문 색인", "sentences": "문장 색인",
    "late_interaction": "MaxSim", "late_interaction_tuned": "튜닝한 MaxSim", "cross_encoder": "cross-encoder",
}  # fmt: skip


def decision_rows(metrics: Mapping[str, Any], prior_questions: int) -> list[dict[str, Any]]:
    """A row a choice: `what`, `questions` of people, `prior`, `fitted`, `value` and, in words, `sure`.

    Choices whose stage did not run are left out. `share` is the weight of people's questions beside the
    prior, n / (n + k); None where a choice knows no prior.

    Parameters
    ----------
    prior_questions
        k, `fusion.prior_questions`.
    """
    rows = [*_fusion(metrics.get("fusion_promoted", {})), *_rerankers(metrics.get("train_reranker", {}))]
    rows += _threshold(metrics.get("query", {}))
    for row in rows:
        row["share"] = row["questions"] / (row["questions"] + prior_questions)
    return [*rows, *_gate(metrics.get("train_embedder", {}))]


def _fusion(metrics: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Of the set with the most retrievers."""
    sets = metrics.get("fusion", {})
    if not sets:
        return
    of_set = sets[max(sorted(sets), key=lambda name: name.count("+"))]
    floor = of_set.get("floor")
    sure = ""
    if floor:
        single = NAMES.get(floor["best_single"], floor["best_single"])
        size = f"{floor['difference']:+.3f} ± {floor['standard_error']:.3f}"
        sure = f"{single}만 쓸 때보다 MRR {size} (질문 {floor['questions']:,}개)"
    for name, weight in sorted(of_set["origin"].items()):
        if name != "dense":  # counts 1: nothing is chosen
            yield _weight(f"융합 가중치 · {NAMES.get(name, name)}", weight, sure)


def _rerankers(metrics: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, weight in sorted(metrics.get("origin", {}).get("both", {}).items()):
        yield _weight(f"재순위 가중치 · {NAMES.get(name, name)}", weight, "")


def _weight(what: str, weight: Mapping[str, Any], sure: str) -> dict[str, Any]:
    return {
        "what": what,
        "questions": weight["natural_questions"],
        "prior": weight["prior"],
        "fitted": weight["fitted"],
        "value": weight["weight"],
        "sure": sure,
    }


def _threshold(metrics: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if judged := metrics.get("judged"):
        count = judged["queries"]
        fits = f"판정과 같은 결정 {judged['right_by_prior']:,} → {judged['right']:,} / {count:,}"
        alone = "잡담과 검색 가운데 한 가지만 판정해 옮기지 않음"
        yield {
            "what": "잡담 문턱",
            "questions": count if judged["fitted"] is not None else 0,
            "prior": judged["prior"],
            "fitted": judged["fitted"],
            "value": metrics["threshold"],
            "sure": fits if judged["fitted"] is not None or judged["prior_source"] == "params" else alone,
        }


def _gate(metrics: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if "natural_questions" in metrics and metrics.get("interval"):
        low, high = metrics["interval"]
        yield {
            "what": "인코더 게이트 · " + ("튜닝 승격" if metrics["promoted"] == "tuned" else "기본 유지"),
            "questions": metrics["natural_questions"],
            "prior": None,
            "fitted": None,
            "value": None,
            "share": None,
            "sure": f"MRR {metrics['delta']:+.3f} [{low:+.3f}, {high:+.3f}], p {metrics['p']:.3f} "
            f"(질문 {metrics['questions']:,}개 가운데)",
        }
