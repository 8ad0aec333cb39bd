"""Small tables behind the plots of scores: the MAP ladder with its intervals, and recall by depth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sunwi.score.measures.recall import DEPTHS

LADDER_COLUMNS = ("variant", "map", "map_low", "map_high")
HEADLINE_RECALL_COLUMNS = ("depth", "headline", "baseline")
RECALL_COLUMNS = ("variant", "depth", "recall", "recall_low", "recall_high")


def map_ladder(summary: Mapping[str, Mapping[str, float]]) -> list[dict[str, str | float]]:
    """Variant, MAP and its interval, lowest MAP first; empty without labels."""
    labelled = [(row["map"], name) for name, row in summary.items() if "map" in row]
    return [
        {
            "variant": name,
            "map": summary[name]["map"],
            "map_low": summary[name]["map_low"],
            "map_high": summary[name]["map_high"],
        }
        for _, name in sorted(labelled)
    ]


def recall_curve(detail: Mapping[str, Any]) -> list[dict[str, str | float]]:
    """Variant, depth and recall with its interval, by variant and depth; empty without labels."""
    variants = detail.get("all", {}).get("variants", {})
    return [
        {
            "variant": name,
            "depth": depth,
            "recall": variants[name]["measures"][f"recall{depth}"]["mean"],
            "recall_low": variants[name]["measures"][f"recall{depth}"]["low"],
            "recall_high": variants[name]["measures"][f"recall{depth}"]["high"],
        }
        for name in sorted(variants)
        for depth in DEPTHS
        if f"recall{depth}" in variants[name]["measures"]
    ]


def headline_recall(
    rows: Iterable[Mapping[str, str]], headline: str, baseline: str
) -> list[dict[str, str | float]]:
    """Depth and the recall of two variants side by side, from the table of all: one line each in `dvc plots`.

    Examples
    --------
    >>> table = [{"variant": name, "depth": "5", "recall": at} for name, at in (("a", "0.5"), ("b", "0.75"))]
    >>> headline_recall(table, "b", "a")
    [{'depth': 5, 'headline': 0.75, 'baseline': 0.5}]
    """
    recalls = {(row["variant"], int(row["depth"])): float(row["recall"]) for row in rows}
    return [
        {"depth": depth, "headline": recalls[headline, depth], "baseline": recalls[baseline, depth]}
        for depth in sorted({depth for _, depth in recalls})
    ]
