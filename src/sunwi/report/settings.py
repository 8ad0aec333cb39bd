"""Params as a flat list, and what the LLM cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sunwi.records import canonical_json


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


def cost_rows(ledger: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The LLM ledger's figures, keys with dots; empty where no LLM was asked."""
    return list(_flat(ledger, ""))
