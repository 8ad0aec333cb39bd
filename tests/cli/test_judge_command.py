"""`sunwi judge llm` and what `--machine` takes of it, over loopback, and the stages that ask the judge."""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.judge_server import JudgeServer
from tests.pipeline.tiny_project import ROOT
from tests.small_project import DEV, write_project, write_vectors
from typer.testing import CliRunner, Result

from sunwi.cli import app
from sunwi.judging.places import JUDGEMENTS, POOL, TRUST
from sunwi.judging.pools import PooledDocument, PooledQuery
from sunwi.judging.records import JudgementLine, append_lines
from sunwi.models.encoder import Encoder
from sunwi.paths import METRICS, MINED, RANKINGS
from sunwi.records.corpus import Document
from sunwi.records.files import read_rows, write_rows
from sunwi.records.mined import MinedRow
from sunwi.records.ranking import RankingRow
from sunwi.search.passages import Passages

PARAMS = """
llm: {{provider: openai, model: judge, base_url: {address}/v1, api_key_env: "", price_in: 1, price_out: 2}}
judge: {{provider: llm, min_pairs: 8, false_negatives: positive}}
mining: {{negatives: 2}}
baselines:
  bm25: {{retrievers: [bm25], fusion: weighted}}
score: {{baseline: bm25}}
"""
DOCUMENTS = ["d1", "d2", "d3", "d5", "d6"]
RIGHT = {("지각판", "d2"), ("마그마", "d5"), ("포도당을 만드는", "d1"), ("포도당을 만드는", "d6")}


class Project:
    def __init__(self, folder: Path, server: JudgeServer) -> None:
        self.folder, self.server = folder, server

    def metrics(self, name: str) -> Any:
        return json.loads((self.folder / METRICS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def project(
    tmp_path: Path,
    tiny_corpus: list[Document],
    encoder: Encoder,
    monkeypatch: pytest.MonkeyPatch,
    own_cache: Path,
) -> Iterator[Project]:
    corpus = Passages.of(tiny_corpus)
    texts = {docid: " ".join(corpus.text_of[docid].split()) for docid in corpus.docids}

    def grade(query: str, passage: str) -> int:
        return 3 if any(part in query and passage == texts[docid] for part, docid in RIGHT) else 0

    server = JudgeServer(grade)
    folder = write_project(tmp_path / "project", tiny_corpus, PARAMS.format(address=server.address))
    write_vectors(folder, tiny_corpus, encoder, "base")
    order = {"docids": DOCUMENTS, "passages": DOCUMENTS, "scores": [5.0, 4.0, 3.0, 2.0, 1.0]}
    rows = [RankingRow.model_validate({"eval_id": qid, **order}) for qid in (1, 2, 3)]
    write_rows(folder / RANKINGS / "bm25.dev.jsonl", rows)
    documents = [PooledDocument(docid=docid, passage=docid) for docid in DOCUMENTS]
    shared = {"split": "dev", "random": True, "doubled": False, "documents": documents}
    pool = [{**shared, "place": at, "qid": str(at + 1), "query": DEV[at]} for at in (0, 1)]
    write_rows(folder / POOL, [PooledQuery.model_validate(query) for query in pool])
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.chdir(folder)
    yield Project(folder, server)
    server.close()


def judge_by_hand(project: Project, grades: dict[tuple[int, str], int]) -> None:
    shared = {"judge": "가", "split": "dev", "kind": "grade", "at": "2026-01-01T00:00:00"}
    lines = [
        {**shared, "qid": str(qid), "docid": docid, "grade": grade, "query": DEV[qid - 1]}
        for (qid, docid), grade in grades.items()
    ]
    append_lines(project.folder / JUDGEMENTS, [JudgementLine.model_validate(line) for line in lines])


RIGHTLY = {(qid, docid): 0 for qid in (1, 2) for docid in DOCUMENTS[:4]} | {(1, "d2"): 3, (2, "d5"): 3}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["judge", *arguments])


def test_a_judge_that_agrees_fills_the_holes(project: Project) -> None:
    judge_by_hand(project, RIGHTLY)
    dry = run("llm", "--dry")
    assert "8 pairs that people graded, 2 of the pool that nobody did" in dry.output
    assert project.server.calls == 0
    done = run("llm", "--budget", "1")
    assert done.exit_code == 0, done.output
    assert "people, judge: 1.000 [1.000, 1.000] on 8 pairs" in done.output
    assert "2 grades by the machine were added" in done.output
    lines = [
        json.loads(line) for line in Path("data/judgements/llm-judge.jsonl").read_text("utf-8").splitlines()
    ]
    assert len(lines) == 10
    assert all(line["machine"] and line["note"] == "까닭" for line in lines)
    calls = project.server.calls
    assert "0 of the pool that nobody did" in run("llm").output
    assert project.server.calls == calls  # all answers are recorded

    assert "people, llm-judge" in run("agreement").output
    assert run("export", "own").exit_code == 0
    assert len(Path("own/dev_qrels.tsv").read_text("utf-8").splitlines()) == 8
    both = run("export", "both", "--machine").output
    assert "dev grades by a language model: 2" in both
    assert len(Path("both/dev_qrels.tsv").read_text("utf-8").splitlines()) == 10
    assert Path("both/dev_machine.tsv").read_text("utf-8") == "1\t0\td6\t0\n2\t0\td6\t0\n"
    assert "dev grades by a language model: 2" in run("scores", "--machine").output


def test_a_judge_below_the_floor_fills_nothing(project: Project) -> None:
    judge_by_hand(project, {pair: 3 - grade for pair, grade in RIGHTLY.items()})
    refused = run("llm")
    assert refused.exit_code == 1
    assert "below judge.floor; 2 holes stay open" in str(refused.exception)
    exported = run("export", "x", "--machine").output
    assert "llm-judge, not used: agreement with people is below judge.floor: 8" in exported
    assert not Path("x/dev_machine.tsv").exists()


def stage(name: str) -> None:
    runpy.run_path(str(ROOT / "stages" / f"{name}.py"), run_name="__main__")


def test_the_stages_ask_a_judge_that_people_agree_with(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    judge_by_hand(project, RIGHTLY)
    stage("judge")
    assert "is used" in capsys.readouterr().out
    found = project.metrics("judge")
    agreement = found["machine"]["agreement"]
    assert (agreement["pairs"], agreement["value"], agreement["low"]) == (8, 1.0, 1.0)
    counts = {"queries": 2, "pairs": 8, "chitchat": 0, "unclear": 0}
    assert found["people"]["splits"]["dev"] == {**counts, "same": 0, "other": 1, "unlabelled": 7}
    trust = (project.folder / TRUST).read_bytes()
    judge_by_hand(project, {(3, "d1"): 0})
    stage("judge")
    assert (project.folder / TRUST).read_bytes() == trust  # one more judgement runs nothing again

    stage("mine")
    rows = {row.qid: row for row in read_rows(MINED / "train.jsonl", MinedRow)}
    assert rows["q0"].pos_ids == ["d1", "d6"]  # its near copy is a positive, never a negative
    metrics = project.metrics("mine")["judge"]
    assert metrics["used"] is True
    assert metrics["answers"]["ok"] == metrics["asked"] > 0


def test_without_trust_mining_is_as_without_a_judge(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    stage("judge")
    stage("mine")
    assert "the judge reads no negative: people graded too few pairs" in capsys.readouterr().err
    metrics = project.metrics("mine")
    judged = metrics.pop("judge")
    assert (judged["used"], judged["why"][:27]) == (False, "people graded too few pairs")
    mined = (project.folder / MINED / "train.jsonl").read_bytes()
    params = project.folder / "params.yaml"
    lines = params.read_text("utf-8").splitlines()
    params.write_text("\n".join(line for line in lines if not line.startswith("judge:")), "utf-8")
    stage("judge")
    stage("mine")
    assert (project.folder / MINED / "train.jsonl").read_bytes() == mined
    assert project.metrics("mine") == metrics
    assert project.server.calls == 0
