"""Params as a flat list, and what the LLM cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sunwi.records.files import canonical_json

COST_COLUMNS = ("rows", "ok", "tokens_in", "tokens_out", "cost")


def params_by_section(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Sections of params.yaml, each with its keys (dots part the levels) and values as JSON."""
    return [
        {"name": section, "rows": list(_flat(value, ""))}
        if isinstance(value, Mapping)
        else {"name": section, "rows": [("", canonical_json(value))]}
        for section, value in content.items()
    ]


def _flat(content: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in content.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", canonical_json(value)


def cost_rows(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What each stage asked of an LLM: one row a stage, task and model; empty where none was asked.

    The ledgers lie where the stages keep them: `llm` (questions), `query` under `cost`, `judge`, `mine` under
    `judge`, `augment_failures`, and what each variant of `submissions` says under `llm` and `judge_llm`.
    """
    ledgers = {
        "generate_qa": metrics.get("llm", {}),
        "understand_queries": metrics.get("query", {}).get("cost", {}),
        "judge": metrics.get("judge", {}).get("machine", {}).get("llm", {}),
        "mine": metrics.get("mine", {}).get("judge", {}).get("llm", {}),
        "augment_failures": metrics.get("augment_failures", {}).get("llm", {}),
        **{
            f"submit {name}": {**metric.get("llm", {}), **metric.get("judge_llm", {})}
            for name, metric in metrics.get("submissions", {}).items()
        },
    }
    return [
        {"stage": stage, "task": task, "model": model, **{key: counts.get(key, 0) for key in COST_COLUMNS}}
        for stage, ledger in ledgers.items()
        for task, models in ledger.items()
        for model, counts in models.items()
    ]
