"""The page of the variants that need no training: what search gives before anything is tuned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sunwi.params.whole import Params
from sunwi.paths import BASELINES, METRICS
from sunwi.records.files import read_json, read_rows
from sunwi.records.submissions import LineageRow
from sunwi.records.submitted import read_topk
from sunwi.report import charts
from sunwi.report.embedding import inline_json
from sunwi.report.explorer import explored_variants, explorer_data
from sunwi.report.headline import headline_view
from sunwi.report.inputs import PageInputs
from sunwi.report.ladder import ladder_rows
from sunwi.report.rendering import render
from sunwi.score.measuring import shown_in
from sunwi.score.per_query import per_query_of
from sunwi.score.plots import map_ladder, recall_curve
from sunwi.score.table import Scores
from sunwi.submit.folders import submission_metrics
from sunwi.workspace.base import Workspace
from sunwi.workspace.corpus import prepared
from sunwi.workspace.questions import understood

CONTENTS = (
    ("headline", "요약"), ("ladder", "MAP 사다리"), ("dev", "dev 질문"), ("explorer", "오답 노트"),
)  # fmt: skip


def only_baselines(params: Params) -> Params:
    """The parameters as if there were no other variants: the last baseline is the headline.

    Where `score.baseline` names another variant, the first baseline is used instead.
    """
    first = next(iter(params.baselines), params.score.baseline)
    reference = params.score.baseline if params.score.baseline in params.baselines else first
    return params.model_copy(
        update={
            "promoted": {}, "submissions": {}, "combinations": {},
            "score": params.score.model_copy(update={"baseline": reference}),
            "report": params.report.model_copy(update={"headline": None}),
        }
    )  # fmt: skip


def render_baselines(workspace: Workspace, params: Params, scores: Scores) -> str:
    """The page's HTML; `params` are those of `only_baselines`, by which the scores were made."""
    tables, folder = prepared(workspace), workspace.path(BASELINES)
    metrics = workspace.path(METRICS)
    fits: dict[str, Any] = read_json(metrics / "fusion_base.json")
    inputs = PageInputs(
        params=params,
        scores=scores.summary,
        detail=scores.detail,
        per_query=per_query_of(scores.per_query),
        metrics={"prepare": read_json(metrics / "prepare.json")},
        plots={
            "map_ladder": [_text(row) for row in map_ladder(scores.summary)],
            "recall": [_text(row) for row in recall_curve(scores.detail)],
        },
        points=(),
        documents=tables.corpus,
        queries=tables.queries,
        understood=understood(workspace),
        qrels=tables.qrels,
        lineage={name: read_rows(folder / f"{name}.lineage.jsonl", LineageRow) for name in params.baselines},
        topk={name: read_topk(folder / f"{name}.jsonl") for name in params.baselines},
        notes=(),
        stages={},
        locked={},
        versions={},
    )
    dev = {
        name: read_json(workspace.path(submission_metrics(params, name))).get("dev_map")
        for name in params.baselines
    }
    return render("baseline.html.j2", _view(inputs, fits, {name: {"dev_map": dev[name]} for name in dev}))


def _view(inputs: PageInputs, fits: Mapping[str, Any], dev: Mapping[str, Any]) -> dict[str, Any]:
    params = inputs.params
    rows = ladder_rows(params, inputs.scores, {}, dev)
    compared = params.headline, params.score.baseline
    specs = {}
    if inputs.plots["map_ladder"]:
        specs = {
            "ladder": charts.ladder_chart(inputs.plots["map_ladder"], *compared),
            "recall": charts.recall_chart(inputs.plots["recall"], *compared),
        }
    return {
        "params": params,
        "contents": CONTENTS,
        "prepared": inputs.metrics["prepare"],
        "headline": headline_view(inputs.detail, *compared),
        "rows": rows,
        "ladder_measures": shown_in("ladder"),
        "fits": sorted(fits["fusion"].items(), key=lambda item: (-item[1]["low_overlap_mrr"], item[0])),
        "stage_hits": (),  # the diagnosis comes with the whole report
        "charts": specs,
        "charts_json": inline_json(specs),
        "explorer_json": inline_json(
            explorer_data(inputs, explored_variants(rows, *compared, params.report.explorer_variants))
            if rows
            else None
        ),
    }


def _text(row: Mapping[str, str | float]) -> dict[str, str]:
    return {key: str(value) for key, value in row.items()}
