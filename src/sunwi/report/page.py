"""The report: one HTML file that contains its data, styles and scripts, and needs no network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sunwi.report import charts, training_charts
from sunwi.report.dag import draw
from sunwi.report.embedding import inline_json
from sunwi.report.explorer import explored_variants, explorer_data
from sunwi.report.failures import CAUSES
from sunwi.report.funnel import funnel_view
from sunwi.report.headline import headline_view
from sunwi.report.inputs import PageInputs
from sunwi.report.judgements import judgements_view
from sunwi.report.ladder import ladder_rows
from sunwi.report.rendering import render
from sunwi.report.settings import cost_rows, params_by_section
from sunwi.report.training import system_rows, training_rows
from sunwi.score.measuring import shown_in
from sunwi.submit.grid import STAGES

CONTENTS = (
    ("headline", "요약"), ("ladder", "MAP 사다리"), ("training", "학습"), ("data", "데이터"),
    ("map", "임베딩 지도"), ("judgements", "판정"), ("explorer", "오답 노트"), ("pipeline", "파이프라인"),
    ("settings", "설정"),
)  # fmt: skip


def render_page(inputs: PageInputs) -> str:
    """The page's HTML; equal inputs give equal bytes.

    Everything from the corpus reaches the page escaped: as text by Jinja2, as data by `inline_json`, and
    the page's script sets text, never markup. A policy in the page admits its own two scripts alone.
    """
    return render("page.html.j2", view(inputs))


def view(inputs: PageInputs) -> dict[str, Any]:
    """What the templates show."""
    params = inputs.params
    rows = ladder_rows(
        params, inputs.scores, inputs.metrics.get("failures", {}), inputs.metrics.get("submissions", {})
    )
    explored = explored_variants(
        rows, params.headline, params.score.baseline, params.report.explorer_variants
    )
    labelled = bool(inputs.detail.get("all", {}).get("variants"))
    specs = _charts(inputs, [row["name"] for row in rows]) if labelled else {}
    specs |= _training_charts(inputs)
    return {
        "params": params,
        "contents": [entry for entry in CONTENTS if entry[0] != "map" or "map" in specs],
        "prepared": inputs.metrics["prepare"],
        "headline": headline_view(inputs.detail, params.headline, params.score.baseline),
        "rows": rows,
        "ladder_measures": shown_in("ladder"),
        "training": training_rows(inputs.metrics),
        "systems": system_rows(inputs.metrics.get("sparse", {})),
        "funnel": funnel_view(inputs.metrics),
        "cost": cost_rows(inputs.metrics),
        "failures": inputs.metrics.get("failures", {}),
        "judgements": judgements_view(inputs, [row["name"] for row in rows]),
        "causes": [(cause, charts.CAUSE_LABELS[cause]) for cause in CAUSES],
        "steps": charts.STEP_LABELS,
        "stage_hits": inputs.plots.get("stage_hits", ()),
        "charts": specs,
        "charts_json": inline_json(specs),
        "explorer_json": inline_json(explorer_data(inputs, explored)),
        "drawing": draw(
            inputs.stages, {stage: len(getattr(params, section)) for section, stage in STAGES.items()}
        ),
        "stages": inputs.stages,
        "sections": params_by_section(params.model_dump(mode="json")),
        "locked": sorted(inputs.locked.items()),
        "versions": sorted(inputs.versions.items(), key=lambda item: item[0].lower()),
    }


def _charts(inputs: PageInputs, order: Sequence[str]) -> dict[str, Any]:
    params, plots = inputs.params, inputs.plots
    specs = {
        "ladder": charts.ladder_chart(plots["map_ladder"], params.headline, params.score.baseline),
        "recall": charts.recall_chart(plots["recall"], params.headline, params.score.baseline),
        "causes": charts.cause_chart(inputs.metrics["failures"], order),
    }
    if plots["stage_hits"]:
        specs["stages"] = charts.stage_chart(plots["stage_hits"], params.headline)
    return specs


def _training_charts(inputs: PageInputs) -> dict[str, Any]:
    """Those whose tables have rows: a stage that is switched off leaves its table empty."""
    makers = {
        "embedder_loss": training_charts.loss_chart,
        "embedder_dev": training_charts.dev_chart,
        "reranker_loss": training_charts.loss_chart,
        "reranker_targeted_loss": training_charts.loss_chart,
        "sparse_loss": training_charts.loss_chart,
        "fusion_curve_promoted": training_charts.fusion_chart,
        "negative_scores": training_charts.negative_chart,
    }
    specs = {name: make(inputs.plots[name]) for name, make in makers.items() if inputs.plots.get(name)}
    return specs | ({"map": charts.map_chart(inputs.points)} if inputs.points else {})
