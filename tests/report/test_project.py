"""Diagnosis and page inputs of a small project, from what the stages before would have written."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.small_project import TEST, write_project, write_vectors

from sunwi.models.encoder import Encoder
from sunwi.models.spec import ModelInfo
from sunwi.paths import DIAGNOSIS, EMBEDDER, METRICS, MINED, PLOTS, SUBMISSIONS
from sunwi.records.corpus import Document
from sunwi.records.failures import AugmentedFailure
from sunwi.records.files import write_json, write_rows
from sunwi.records.mined import MinedRow
from sunwi.records.submissions import LineageRow, SubmissionRow
from sunwi.records.tables import write_csv
from sunwi.report import embedding_map
from sunwi.report.project_diagnosis import ProjectDiagnosis, diagnose_project
from sunwi.report.project_page import page_inputs
from sunwi.submit.finishing import Submission
from sunwi.submit.writing import write_submission
from sunwi.workspace.base import Workspace

STAGES = Path(__file__).resolve().parents[2] / "stages"
PARAMS = """
score: {baseline: words, cutoff: 3, bootstrap: 20, permutations: 20}
submissions: {words: {fusion: weighted, retrievers: [bm25]}, better: {}}
"""
FOUND = {  # variant -> query -> documents of its run; d3 and d4 answer
    "words": {1: ["d3", "d1", "d2", "d4"], 2: ["d7", "d1", "d2", "d4"], 3: ["d5", "d6", "d7", "d1"]},
    "better": {1: ["d3", "d1", "d2", "d4"], 2: ["d4", "d1", "d2", "d7"], 3: ["d5", "d6", "d7", "d1"]},
}
DVC: dict[str, Any] = {
    "prepare": {"cmd": "x", "outs": ["data/prepared"]},
    "report": {
        "cmd": "x",
        "deps": [
            "data/prepared",
            "metrics/scores.json",
            "metrics/scores_detail.json",
            "metrics/qa.json",
            "metrics/per_query.csv",
            "metrics/plots/recall.csv",
        ],
        "outs": ["data/report"],
    },
    "later": {"cmd": "x", "deps": ["data/report"], "outs": ["data/later"]},
}


@pytest.fixture
def scored(tmp_path: Path, tiny_corpus: list[Document], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two variants with their lineage, measured by the stage score."""
    project = write_project(tmp_path / "project", tiny_corpus, PARAMS)
    for name, found in FOUND.items():
        write_submission(submission(found), project / SUBMISSIONS, name)
    monkeypatch.chdir(project)
    runpy.run_path(str(STAGES / "score.py"), run_name="__main__")
    return project


def submission(found: dict[int, list[str]]) -> Submission:
    rows = [
        SubmissionRow(eval_id=qid, standalone_query=text, topk=docids[:3] if qid != 3 else [])
        for (qid, docids), text in zip(found.items(), TEST, strict=True)
    ]
    lineage = [
        LineageRow(
            eval_id=row.eval_id, standalone_query=row.standalone_query, needs_retrieval=row.eval_id != 3,
            reason="x",
            candidates=[
                {"docid": docid, "rank": rank, "fused_rank": rank, "bm25_rank": rank}
                for rank, docid in enumerate(found[int(row.eval_id)], start=1)
            ],
        )
        for row in rows
    ]  # fmt: skip
    run = {
        str(qid): {docid: 1.0 / rank for rank, docid in enumerate(docids, start=1)}
        for qid, docids in found.items()
    }
    return Submission(rows, run, lineage, {})


class TestDiagnosis:
    @pytest.fixture
    def trained(
        self, scored: Path, tiny_corpus: list[Document], encoder: Encoder, builtin_model: ModelInfo
    ) -> Path:
        (scored / EMBEDDER).parent.mkdir(exist_ok=True)
        (scored / EMBEDDER).symlink_to(builtin_model.folder)
        write_vectors(scored, tiny_corpus, encoder, "promoted")
        mined = MinedRow(
            qid="q0", query="x", pos=["p"], neg=["n", "m"], pos_ids=["d1"], neg_ids=["d2", "d3"],
            pos_scores=[2.0], neg_scores=[1.0, 0.0], provenance=[],
        )  # fmt: skip
        write_rows(scored / MINED / "train.jsonl", [mined])
        failure = AugmentedFailure(
            qid="q1#00", source="q1", query="왜 땅이 흔들리나?", positive="d2", negatives=[], generator="x"
        )
        write_rows(scored / MINED / "augmented.jsonl", [failure])
        return scored

    def diagnosis(self, project: Path, headline: str) -> ProjectDiagnosis:
        params = project / "params.yaml"
        text = params.read_text(encoding="utf-8")
        params.write_text(f"{text}report: {{headline: {headline}}}\n", encoding="utf-8")
        return diagnose_project(Workspace(project))

    def test_it_tells_what_failed_where(self, trained: Path) -> None:
        found = self.diagnosis(trained, "better")
        assert [(note.variant, note.eval_id, note.cause) for note in found.notes] == [
            ("words", 2, "ranked_low")
        ]
        assert found.causes["words"]["ranked_low"] == 1
        assert sum(found.causes["better"].values()) == 0
        assert {row["variant"] for row in found.stage_hits} == {"words", "better"}
        assert found.headline_hits
        assert {row["variant"] for row in found.headline_hits} == {"better"}
        first = found.headline_recall[0]
        assert (first["headline"], first["baseline"]) == (1.0, 0.5)  # d4 is fourth in words
        assert sum(row["negatives"] for row in found.negative_scores) == 2
        assert sum(row["positives"] for row in found.negative_scores) == 1

    @pytest.mark.parametrize(("headline", "failed"), [("better", []), ("words", ["2"])])
    def test_the_map_marks_the_headlines_failures(
        self, trained: Path, headline: str, failed: list[str]
    ) -> None:
        points = self.diagnosis(trained, headline).embedding_map
        assert {(row["kind"], row["id"]) for row in points} == {
            ("evaluation", "1"),
            ("evaluation", "2"),  # 3 is chit-chat
            *(("synthetic", f"q{at}") for at in range(5)),
            ("augmented", "q1#00"),
        }
        assert [row["id"] for row in points if row["failed"]] == failed


class TestPageInputs:
    @pytest.fixture
    def measured(self, scored: Path) -> Path:
        (scored / "dvc.yaml").write_text(yaml.safe_dump({"stages": DVC}), encoding="utf-8")
        write_json(scored / METRICS / "qa.json", {"kept": 5})
        for name in FOUND:
            write_json(scored / METRICS / "submissions" / f"{name}.json", {"empty_topk": 1})
        write_csv(scored / DIAGNOSIS / "embedding_map.csv", embedding_map.COLUMNS, [])
        write_rows(scored / DIAGNOSIS / "failures.jsonl", [])
        return scored

    def test_they_are_what_the_stages_wrote(self, measured: Path) -> None:
        found = page_inputs(Workspace(measured))
        assert found.metrics == {
            "qa": {"kept": 5},
            "submissions": {"better": {"empty_topk": 1}, "words": {"empty_topk": 1}},
        }
        assert found.scores["better"]["map"] > found.scores["words"]["map"]
        assert found.topk["words"] == {"1": ["d3", "d1", "d2"], "2": ["d7", "d1", "d2"], "3": []}
        assert found.per_query.rank["words"] == {"1": 1, "2": 4, "3": None}
        assert found.qrels == {"1": {"d3": 1, "d5": 0}, "2": {"d4": 2}}
        assert [row.eval_id for row in found.lineage["better"]] == [1, 2, 3]
        assert found.plots.keys() == {"recall"}
        assert found.locked == {}  # no dvc.lock yet

    def test_a_stray_file_does_not_change_them(self, measured: Path) -> None:
        before = page_inputs(Workspace(measured))
        write_json(measured / METRICS / "stray.json", {"a": 1})
        write_json(measured / METRICS / "submissions" / "gone.json", {"a": 1})
        (measured / PLOTS / "stray.csv").write_text("a,b\n1,2\n", encoding="utf-8")
        write_submission(submission(FOUND["words"]), measured / SUBMISSIONS, "gone")
        assert page_inputs(Workspace(measured)) == before

    def test_a_declared_file_does(self, measured: Path) -> None:
        before = page_inputs(Workspace(measured))
        write_json(measured / METRICS / "qa.json", {"kept": 6})
        after = page_inputs(Workspace(measured))
        assert after != before
        assert after.metrics["qa"] == {"kept": 6}

    def test_hashes_are_those_of_the_stages_above(self, measured: Path) -> None:
        outs = {"prepare": "data/prepared", "report": "data/report", "later": "data/later"}
        lock = {name: {"outs": [{"path": path, "md5": f"of {name}"}]} for name, path in outs.items()}
        (measured / "dvc.lock").write_text(yaml.safe_dump({"stages": lock}), encoding="utf-8")
        assert page_inputs(Workspace(measured)).locked == {"data/prepared": "of prepare"}
