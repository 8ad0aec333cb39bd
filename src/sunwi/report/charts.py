"""Vega-Lite specifications of the page's charts; colours and fonts are the page's, set when it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sunwi.report.failures import CAUSES
from sunwi.report.inputs import Table

Spec = dict[str, Any]
CAUSE_LABELS = {
    "needs_retrieval": "검색 필요 판단 오류", "reranker": "재순위에서 밀림", "fusion": "융합에서 밀림",
    "misunderstood": "질의 이해 오류", "no_candidate": "후보에 없음", "ranked_low": "검색기 순위 낮음",
}  # fmt: skip
STEP_LABELS = {
    "bm25": "BM25", "dense": "dense", "questions": "질문 색인", "fusion": "융합 뒤", "final": "최종",
    "before_llm": "LLM 앞",
}  # fmt: skip
KIND_LABELS = {"evaluation": "평가 질의", "synthetic": "합성 질문", "augmented": "오답 보강 질문"}
FAILED_LABEL = "평가 질의 (실패)"
MAP_STYLE = {  # colour, shape, area
    "합성 질문": ("$soft", "circle", 26),
    "오답 보강 질문": ("$third", "triangle-up", 40),
    "평가 질의": ("$accent", "circle", 46),
    FAILED_LABEL: ("$bad", "cross", 62),
}
ROLE = {
    "field": "role",
    "type": "nominal",
    "title": None,
    "scale": {"domain": ["대표", "기준선", "그 밖"], "range": ["$accent", "$ink", "$soft"]},
}
ROW = 30  # pixels a row of a chart of bars
SCORE = {"format": ".2f", "grid": True, "tickCount": 6}


def ladder_chart(rows: Table, headline: str, baseline: str) -> Spec:
    """MAP of every variant with its interval; the baseline's value is a line through all."""
    roles = {headline: "대표", baseline: "기준선"}
    values = [
        {
            "variant": row["variant"],
            "map": float(row["map"]),
            "low": float(row["map_low"]),
            "high": float(row["map_high"]),
            "role": roles.get(row["variant"], "그 밖"),
        }
        for row in rows
    ]
    y = {
        "field": "variant",
        "type": "nominal",
        "sort": {"field": "map", "order": "descending"},
        "title": None,
    }
    tooltip = [
        {"field": "variant", "title": "변형"},
        {"field": "map", "title": "MAP", "format": ".4f"},
        {"field": "low", "title": "하한", "format": ".4f"},
        {"field": "high", "title": "상한", "format": ".4f"},
    ]
    axis = {
        "type": "quantitative",
        "title": "MAP (95% 구간)",
        "scale": {"zero": False, "nice": True},
        "axis": SCORE,
    }
    return {
        "data": {"values": values},
        "height": ROW * len(values),
        "encoding": {"y": y, "color": ROLE, "tooltip": tooltip},
        "layer": [
            {"transform": [{"filter": "datum.role === '기준선'"}],
             "mark": {"type": "rule", "strokeDash": [3, 4], "opacity": 0.7},
             "encoding": {
                 "x": {"field": "map", **axis}, "y": {"value": 0}, "y2": {"value": {"expr": "height"}},
             }},
            {"mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.45},
             "encoding": {"x": {"field": "low", **axis}, "x2": {"field": "high"}}},
            {"mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
             "encoding": {"x": {"field": "map", **axis}}},
        ],
    }  # fmt: skip


def recall_chart(rows: Table, headline: str, baseline: str) -> Spec:
    """Recall by depth; headline and baseline stand out, the others show the range (and their names when
    pointed at)."""
    roles = {headline: "대표", baseline: "기준선"}
    values = [
        {
            "variant": row["variant"],
            "depth": int(row["depth"]),
            "recall": float(row["recall"]),
            "role": roles.get(row["variant"], "그 밖"),
        }
        for row in rows
    ]
    encoding = {
        "x": {"field": "depth", "type": "ordinal", "title": "깊이 k", "axis": {"labelAngle": 0}},
        "y": {
            "field": "recall", "type": "quantitative", "title": "Recall@k", "scale": {"zero": False},
            "axis": SCORE,
        },
        "color": ROLE,
        "detail": {"field": "variant"},
        "tooltip": [
            {"field": "variant", "title": "변형"},
            {"field": "depth", "title": "k"},
            {"field": "recall", "title": "Recall", "format": ".4f"},
        ],
    }  # fmt: skip
    layers = [("datum.role === '그 밖'", 24, 1.2), ("datum.role !== '그 밖'", 50, 2.5)]
    if all(value["role"] != "그 밖" for value in values):
        layers = layers[1:]  # Vega warns of a layer without rows
    return {
        "data": {"values": values},
        "height": 260,
        "encoding": encoding,
        "layer": [
            {
                "transform": [{"filter": test}],
                "mark": {"type": "line", "point": {"size": size}, "strokeWidth": width},
            }
            for test, size, width in layers
        ],
    }


def stage_chart(rows: Table, headline: str) -> Spec:
    """Hit@1 of the headline variant after each of its steps."""
    values = [
        {"stage": STEP_LABELS.get(row["stage"], row["stage"]), "hit1": float(row["hit1"])}
        for row in rows
        if row["variant"] == headline
    ]
    y = {"field": "stage", "type": "nominal", "sort": None, "title": None}
    x = {
        "field": "hit1",
        "type": "quantitative",
        "title": "Hit@1",
        "scale": {"domain": [0, 1]},
        "axis": SCORE,
    }
    return {
        "data": {"values": values},
        "height": 260,  # that of the chart beside it
        "encoding": {"y": y, "x": x},
        "layer": [
            {"mark": {"type": "bar", "cornerRadiusEnd": 3, "height": 18, "color": "$accent"}},
            {
                "mark": {"type": "text", "align": "left", "dx": 5},
                "encoding": {"text": {"field": "hit1", "format": ".3f"}},
            },
        ],
    }


def cause_chart(counts: Mapping[str, Mapping[str, int]], order: Sequence[str]) -> Spec:
    """Failing queries of each variant by cause."""
    values = [
        {"variant": name, "cause": CAUSE_LABELS[cause], "order": position, "queries": counts[name][cause]}
        for name in order
        for position, cause in enumerate(CAUSES)
    ]
    return {
        "data": {"values": values},
        "height": ROW * len(order),
        "mark": {"type": "bar", "height": 16},
        "encoding": {
            "y": {"field": "variant", "type": "nominal", "sort": list(order), "title": None},
            "x": {
                "field": "queries",
                "type": "quantitative",
                "title": "실패한 질의",
                "axis": {"grid": True, "tickCount": 6},
            },
            "color": {
                "field": "cause",
                "type": "nominal",
                "title": None,
                "scale": {
                    "domain": [CAUSE_LABELS[cause] for cause in CAUSES],
                    "range": ["$accent", "$third", "$bad", "$good", "$ink", "$soft"],
                },
            },
            "order": {"field": "order", "type": "quantitative"},
            "tooltip": [
                {"field": "variant", "title": "변형"},
                {"field": "cause", "title": "원인"},
                {"field": "queries", "title": "질의"},
            ],
        },
    }


def map_chart(rows: Table) -> Spec:
    """The embedding map; failures are drawn last, over everything."""
    values: list[Spec] = [
        {
            "kind": FAILED_LABEL if row["failed"] == "1" else KIND_LABELS.get(row["kind"], row["kind"]),
            "x": float(row["x"]),
            "y": float(row["y"]),
            "text": row["text"],
            "id": row["id"],
        }
        for row in rows
    ]
    for value in values:
        value["size"] = MAP_STYLE[value["kind"]][2]
    present = [
        label for label in ("합성 질문", "오답 보강 질문", "평가 질의", FAILED_LABEL)
        if any(value["kind"] == label for value in values)
    ]  # fmt: skip
    plain = {"type": "quantitative", "axis": None, "scale": {"zero": False, "nice": False, "padding": 12}}
    return {
        "data": {"values": sorted(values, key=lambda value: present.index(value["kind"]))},
        "height": 440,
        "mark": {"type": "point", "filled": True, "opacity": 0.8},
        "encoding": {
            "x": {"field": "x", **plain},
            "y": {"field": "y", **plain},
            "color": _scaled("kind", present, [MAP_STYLE[label][0] for label in present]),
            "shape": _scaled("kind", present, [MAP_STYLE[label][1] for label in present]),
            "size": {"field": "size", "type": "quantitative", "scale": None, "legend": None},
            "tooltip": [
                {"field": "kind", "title": "종류"},
                {"field": "id", "title": "id"},
                {"field": "text", "title": "질의"},
            ],
        },
    }


def _scaled(field: str, domain: Sequence[str], values: Sequence[Any]) -> Spec:
    scale = {"domain": list(domain), "range": list(values)}
    return {"field": field, "type": "nominal", "title": None, "scale": scale}
