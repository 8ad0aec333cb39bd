"""The report page's inputs and the model cards, from what a project's stages wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from sunwi.params.loading import load_params
from sunwi.params.reading import PARAMS_FILE
from sunwi.params.yaml_text import FastLoader
from sunwi.paths import DIAGNOSIS, METRICS, PLOTS
from sunwi.records.files import read_json, read_rows
from sunwi.records.submissions import LineageRow
from sunwi.records.submitted import read_topk
from sunwi.records.tables import read_csv
from sunwi.report.dag import stages_above
from sunwi.report.failures import FailureNote
from sunwi.report.inputs import PageInputs
from sunwi.report.provenance import locked_hashes, package_versions
from sunwi.score.per_query import read_per_query
from sunwi.submit.folders import submission_folder, submission_metrics
from sunwi.workspace.base import Workspace
from sunwi.workspace.corpus import prepared
from sunwi.workspace.questions import understood


def page_inputs(workspace: Workspace) -> PageInputs:
    """Read all that the page shows.

    Of metrics/ only what dvc.yaml declares as the stage's dependencies: a stray file there must not change
    the page.
    """
    params = load_params(workspace.root / PARAMS_FILE)
    names = sorted(params.variants)
    stages = _yaml(workspace.root / "dvc.yaml")["stages"]
    declared = [Path(path) for path in stages["report"]["deps"] if path.startswith("metrics/")]
    metrics = {path.stem: read_json(workspace.path(path)) for path in declared if path.suffix == ".json"}
    metrics["submissions"] = {
        name: read_json(workspace.path(submission_metrics(params, name))) for name in names
    }
    folders = {name: workspace.path(submission_folder(params, name)) for name in names}
    tables = prepared(workspace)
    per_query = workspace.path(METRICS) / "per_query.csv"
    return PageInputs(
        params=params,
        scores=metrics.pop("scores"),
        detail=metrics.pop("scores_detail"),
        per_query=read_per_query(per_query.read_text("utf-8"), "metrics/per_query.csv"),
        metrics=metrics,
        plots={path.stem: read_csv(workspace.path(path)) for path in declared if path.parent == PLOTS},
        points=read_csv(workspace.path(DIAGNOSIS) / "embedding_map.csv"),
        documents=tables.corpus,
        queries=tables.queries,
        understood=understood(workspace),
        qrels=tables.qrels,
        lineage={
            name: read_rows(folder / f"{name}.lineage.jsonl", LineageRow) for name, folder in folders.items()
        },
        topk={name: read_topk(folder / f"{name}.jsonl") for name, folder in folders.items()},
        notes=read_rows(workspace.path(DIAGNOSIS) / "failures.jsonl", FailureNote),
        stages=stages,
        locked=locked_hashes(_yaml(workspace.root / "dvc.lock"), stages_above(stages, "report")),
        versions=package_versions(),
    )


def _yaml(path: Path) -> dict[str, Any]:
    return yaml.load(path.read_text("utf-8"), FastLoader) if path.exists() else {}  # noqa: S506  a safe loader
