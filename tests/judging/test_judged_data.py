"""Judgements, imported and run through the stages: of dev queries they move fits, of test queries scores.

The stages run as scripts in this process, in a project of eight passages, without DVC.
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.tiny_project import ROOT
from tests.small_project import write_project, write_vectors
from typer.testing import CliRunner

from sunwi.cli import app
from sunwi.corpus.source import Source, write_source
from sunwi.judging.places import JUDGEMENTS
from sunwi.judging.records import JudgementLine, append_lines
from sunwi.models.encoder import Encoder
from sunwi.paths import INDEX, METRICS, PREPARED, QUERIES
from sunwi.query.chitchat import read_examples
from sunwi.records.corpus import Document, Query
from sunwi.records.files import read_rows
from sunwi.trec import read_qrels

SOURCE = """
data: {source: data/raw}
corpus: {max_chars: 32}
fusion: {prior_questions: 4}
qa: {provider: template}
"""


class Project:
    """A source folder, the vectors of its passages, and the stages that judged data run again."""

    def __init__(self, folder: Path, corpus: list[Document], encoder: Encoder) -> None:
        self.folder = write_project(folder, corpus, SOURCE)
        write_vectors(folder, corpus, encoder, "base")
        tables = {
            name: read_rows(folder / PREPARED / f"{name}.jsonl", Query) for name in ("queries", "dev_queries")
        }
        test, dev = (read_qrels(folder / PREPARED / name) for name in ("qrels.tsv", "dev_qrels.tsv"))
        dev = {f"d{qid}": grades for qid, grades in dev.items()}  # ids apart from the test queries'
        tables["dev_queries"] = [
            row.model_copy(update={"eval_id": f"d{row.eval_id}"}) for row in tables["dev_queries"]
        ]
        whole = " ".join(row.content for row in corpus if row.document_id == "d4")  # prepare cuts it again
        documents = [row for row in corpus if row.document_id != "d4"]
        documents.append(Document(docid="d4", title="한글", content=whole))
        write_source(
            Source(documents, tables["queries"], test, tables["dev_queries"], dev, []), folder / "data/raw"
        )

    def judge(self, split: str, grades: dict[tuple[str, str], int | None]) -> None:
        """One person's lines; a grade of None says that the query is chit-chat."""
        shared = {"judge": "kim", "split": split, "at": "2026-01-01T00:00:00", "query": "질의"}
        rows = [
            {**shared, "qid": qid, "docid": docid, "kind": "grade" if grade is not None else "chitchat"}
            | ({} if grade is None else {"grade": grade})
            for (qid, docid), grade in grades.items()
        ]
        append_lines(JUDGEMENTS, [JudgementLine.model_validate(row) for row in rows])

    def take_in(self) -> None:
        command = ["import", "judgements", "data/raw", "--out", "data/judged", "--force"]
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output

    def run(self) -> dict[str, bytes]:
        """Prepare, understand the queries, fit; the bytes of every file that these stages write."""
        for name, *arguments in (("prepare",), ("understand_queries",), ("fit_fusion", "base")):
            sys.argv = [f"{name}.py", *arguments]
            runpy.run_path(str(ROOT / "stages" / f"{name}.py"), run_name="__main__")
        files = [
            *PREPARED.iterdir(), *QUERIES.iterdir(), *INDEX.glob("*_base.json"), METRICS / "query.json",
            METRICS / "fusion_base.json",
        ]  # fmt: skip
        return {path.name: path.read_bytes() for path in files}

    def metrics(self, name: str) -> Any:
        return json.loads((METRICS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def project(
    tmp_path: Path, tiny_corpus: list[Document], encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> Project:
    made = Project(tmp_path / "project", tiny_corpus, encoder)
    monkeypatch.chdir(made.folder)
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setattr("sunwi.workspace.encoders.encoder", lambda *_: encoder)  # loaded once a session
    few = sorted(read_examples(), key=lambda row: len(row.text))[:60]
    monkeypatch.setattr("sunwi.query.understand.read_examples", lambda: few)
    return made


def test_judgements_of_dev_queries_move_the_fits(project: Project) -> None:
    before = project.run()
    assert project.metrics("fusion_base")["fusion"]["bm25+dense"]["origin"]["bm25"]["natural_questions"] == 2
    grades = {("d1", "d2"): 0, ("d1", "d7"): 3, ("d2", "d7"): 0, ("d2", "d5"): 3, ("d3", ""): None}
    project.judge("dev", grades)
    project.take_in()
    assert "precision: float32" in Path("params.yaml").read_text(encoding="utf-8")  # the corpus is the same
    after = project.run()
    assert read_qrels(PREPARED / "dev_qrels.tsv") == {"d1": {"d2": 0, "d7": 3}, "d2": {"d5": 3, "d7": 0}}
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed >= {"dev_qrels.tsv", "dev_judged.jsonl", "fusion_base.json"}
    assert not changed & {"corpus.jsonl", "queries.jsonl", "qrels.tsv"}
    judged = project.metrics("query")["judged"]
    assert (judged["queries"], judged["chitchat"]) == (3, 1)
    assert project.metrics("query")["threshold"] == pytest.approx(
        (3 * judged["fitted"] + 4 * judged["prior"]) / 7, abs=1e-4
    )


def test_judgements_of_test_queries_move_scores_only(project: Project) -> None:
    before = project.run()
    project.judge("test", {("1", "d3"): 0, ("1", "d7"): 3, ("2", ""): None})
    project.take_in()
    after = project.run()
    assert read_qrels(PREPARED / "qrels.tsv") == {"1": {"d3": 0, "d5": 0, "d7": 3}}
    assert {name for name in after if after[name] != before.get(name)} == {"qrels.tsv"}
    assert after.keys() == before.keys()
