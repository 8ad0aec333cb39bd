"""The report page, and model cards from the same numbers."""

import csv

import yaml

from project import CARDS, DIAGNOSIS, METRICS, PLOTS, PREPARED, QUERIES, REPORT, SUBMISSIONS, Path, timed
from sunwi.corpus.prepare import load_prepared
from sunwi.params.loading import load_params
from sunwi.records.files import read_json, read_rows
from sunwi.records.submissions import LineageRow, SubmissionRow, UnderstoodQuery
from sunwi.report.cards import model_cards
from sunwi.report.dag import stages_above
from sunwi.report.failures import FailureNote
from sunwi.report.inputs import PageInputs
from sunwi.report.page import render_page
from sunwi.report.provenance import locked_hashes, package_versions
from sunwi.runtime import atomic_write
from sunwi.score.per_query import read_per_query


def table(path):
    """Rows of a CSV."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def submitted(name):
    """Query id to the submitted documents of a variant."""
    return {str(row.eval_id): row.topk for row in read_rows(SUBMISSIONS / f"{name}.jsonl", SubmissionRow)}


if __name__ == "__main__":
    params = load_params()
    with timed("report"):
        prepared = load_prepared(PREPARED)
        names = sorted(params.variants)
        # Only what dvc.yaml declares: a stray file in metrics/ must not change the page.
        stages = yaml.safe_load(Path("dvc.yaml").read_text("utf-8"))["stages"]
        declared = [Path(path) for path in stages["report"]["deps"] if path.startswith("metrics/")]
        metrics = {path.stem: read_json(path) for path in declared if path.suffix == ".json"}
        metrics["submissions"] = {name: read_json(METRICS / "submissions" / f"{name}.json") for name in names}
        lock = yaml.safe_load(Path("dvc.lock").read_text("utf-8")) if Path("dvc.lock").exists() else {}
        inputs = PageInputs(
            params=params,
            scores=metrics.pop("scores"),
            detail=metrics.pop("scores_detail"),
            per_query=read_per_query((METRICS / "per_query.csv").read_text("utf-8"), "metrics/per_query.csv"),
            metrics=metrics,
            plots={path.stem: table(path) for path in declared if path.parent == PLOTS},
            points=table(DIAGNOSIS / "embedding_map.csv"),
            documents=prepared.corpus,
            queries=prepared.queries,
            understood=read_rows(QUERIES / "understood.jsonl", UnderstoodQuery),
            qrels=prepared.qrels,
            lineage={name: read_rows(SUBMISSIONS / f"{name}.lineage.jsonl", LineageRow) for name in names},
            topk={name: submitted(name) for name in names},
            notes=read_rows(DIAGNOSIS / "failures.jsonl", FailureNote),
            stages=stages,
            locked=locked_hashes(lock, stages_above(stages, "report")),
            versions=package_versions(),
        )
        pages = {REPORT / "index.html": render_page(inputs)}
        cards = model_cards(params, inputs.scores, metrics, inputs.detail)
        pages |= {CARDS / f"{kind}.md": card for kind, card in cards.items()}
        for path, text in pages.items():
            with atomic_write(path) as out:
                out.write(text)
