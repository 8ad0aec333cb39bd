"""`dvc repro` on judged data: dev grades move the fit, test grades move no file that a fit reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.pipeline.reruns import locked_outputs
from tests.pipeline.tiny_project import dvc, make_project, stages_run

from sunwi.judging.places import JUDGEMENTS, TRUST
from sunwi.judging.records import JudgementLine, append_lines
from sunwi.paths import INDEX, PREPARED
from sunwi.trec import read_qrels

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(3000)]  # the pipeline up to the fusion, three times


def judged(folder: Path, split: str, grades: dict[tuple[str, str], int]) -> None:
    shared = {"judge": "가", "split": split, "kind": "grade", "at": "2026-01-01T00:00:00", "query": "질의"}
    rows = [{**shared, "qid": qid, "docid": docid, "grade": grade} for (qid, docid), grade in grades.items()]
    append_lines(folder / JUDGEMENTS, [JudgementLine.model_validate(row) for row in rows])


def import_judgements(folder: Path) -> None:
    """As a person does it: the command sets data.source, too."""
    command = "from sunwi.cli import main; main()"
    arguments = ["import", "judgements", "data/source", "--out", "data/judged", "--force"]
    environment = os.environ | {"PYTHONPATH": str(folder / "src")}
    subprocess.run([sys.executable, "-c", command, *arguments], cwd=folder, env=environment, check=True)
    params = yaml.safe_load((folder / "params.yaml").read_text(encoding="utf-8"))
    assert params["data"]["source"] == "data/judged"


def test_judged_grades_become_labels(tmp_path: Path) -> None:
    """The stages before search alone: no model is loaded."""
    project = make_project(tmp_path / "project")
    dvc(project, "repro", "judge")
    assert json.loads((project / TRUST).read_text("utf-8"))["why"] == "judge.provider is none"
    trust = locked_outputs(project)["data/judge"]
    given = read_qrels(project / PREPARED / "dev_qrels.tsv")
    qid = min(given)
    other = min({docid for grades in given.values() for docid in grades} - given[qid].keys())
    judged(project, "dev", {(qid, other): 3, **dict.fromkeys(((qid, docid) for docid in given[qid]), 0)})
    assert stages_run(dvc(project, "repro", "judge")) == ["judge"]
    assert people(project)["dev"]["unlabelled"] == 1

    import_judgements(project)
    ran = stages_run(dvc(project, "repro", "judge"))
    assert {"prepare", "judge"} <= set(ran)
    assert read_qrels(project / PREPARED / "dev_qrels.tsv")[qid][other] == 3
    assert (people(project)["dev"]["same"], people(project)["dev"]["unlabelled"]) == (1 + len(given[qid]), 0)
    assert locked_outputs(project)["data/judge"] == trust  # what mining depends on is the same
    assert stages_run(dvc(project, "repro", "judge")) == []


def people(project: Path) -> Any:
    metrics = json.loads((project / "metrics" / "judge.json").read_text("utf-8"))
    return metrics["people"]["splits"]


def test_the_pipeline_chooses_on_what_people_judged(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    dvc(project, "repro", "fit_fusion_base", "judge")
    assert json.loads((project / TRUST).read_text("utf-8"))["why"] == "judge.provider is none"
    before = locked_outputs(project)
    given = read_qrels(project / PREPARED / "dev_qrels.tsv")
    qid = min(given)
    docids = sorted({docid for grades in given.values() for docid in grades} - given[qid].keys())

    judged(project, "dev", {(qid, docids[0]): 3, **{(qid, docid): 0 for docid in given[qid]}})
    import_judgements(project)
    ran = stages_run(dvc(project, "repro", "fit_fusion_base", "judge"))
    assert {"prepare", "fit_fusion_base", "judge"} <= set(ran)
    assert read_qrels(project / PREPARED / "dev_qrels.tsv")[qid][docids[0]] == 3
    metrics = json.loads((project / "metrics" / "judge.json").read_text("utf-8"))
    assert metrics["people"]["splits"]["dev"]["same"] == 1 + len(given[qid])
    after = locked_outputs(project)
    assert after["data/judge"] == before["data/judge"]  # mining would not run again
    fitted = (project / INDEX / "fusion_base.json").read_bytes()

    evaluated = min(read_qrels(project / PREPARED / "qrels.tsv"))
    judged(project, "test", {(evaluated, docids[0]): 3})
    import_judgements(project)
    dvc(project, "repro", "fit_fusion_base", "judge")
    assert read_qrels(project / PREPARED / "qrels.tsv")[evaluated][docids[0]] == 3
    assert (project / INDEX / "fusion_base.json").read_bytes() == fitted
    unmoved = ("data/qa", "data/index/base", "data/index/fusion_base.json", "data/index/blend_base.json")
    assert {path: locked_outputs(project)[path] for path in unmoved} == {
        path: after[path] for path in unmoved
    }
