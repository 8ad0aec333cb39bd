"""The stages mine and submit on a server, on a tiny project: as they go here, or with a sentence why not."""

from __future__ import annotations

import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sunwi.corpus.prepare import prepare, write_prepared
from sunwi.models.encoder import Encoder
from sunwi.params.corpus import CorpusParams
from sunwi.records.corpus import Document
from sunwi.records.files import read_rows, write_json, write_rows
from sunwi.records.mined import MinedRow
from sunwi.records.questions import Question
from sunwi.records.submissions import UnderstoodQuery
from sunwi.search.index.store import save_vectors
from sunwi.search.passages import Passages

from .conftest import INDEX, Connection, Played

Run = Callable[..., None]
STAGES = Path(__file__).resolve().parents[3] / "stages"
PARAMS = """
data: {source: data/source}
encoder: {max_length: 48, query_max_length: 24, precision: float32}
search: {engine: %s, index: %s-stages, analyzer: terms}
mining: {negatives: 3}
score: {baseline: bm25}
submissions:
  bm25: {encoder: base, retrievers: [bm25], fusion: weighted, depth: 5}
  rrf60: {encoder: base, retrievers: [bm25, dense], fusion: rrf, depth: 5}
"""
ASKED = [
    ("빛으로 포도당을 만드는 것은 무엇인가요?", "d1"),
    ("땅이 흔들리는 까닭은 무엇인가요?", "d2"),
    ("산소를 나르는 것은 무엇인가요?", "d3"),
    ("화산재는 어디에서 나오나요?", "d5"),
    ("바닷물은 왜 드나드나요?", "d7"),
]
QUERIES = ["식물이 빛을 받아 만드는 것은?", "헤모글로빈은 무엇을 나르나?", "용암은 어디서 나오나?"]


@pytest.fixture
def project(tmp_path: Path, tiny_corpus: list[Document], encoder: Encoder) -> Path:
    """What the stages before mine and submit leave; everything they encode is cached already."""
    rows = [row.model_dump(exclude_none=True) for row in tiny_corpus if row.parent is None]
    write_lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (tmp_path / "data/source").mkdir(parents=True)
    (tmp_path / "data/source/corpus.jsonl").write_text(write_lines, encoding="utf-8")
    (tmp_path / "data/source/queries.jsonl").write_text(
        json.dumps({"eval_id": 1, "messages": [{"role": "user", "content": QUERIES[0]}]}, ensure_ascii=False)
        + "\n",
        encoding="utf-8",
    )
    write_prepared(prepare(tmp_path / "data/source", CorpusParams()), tmp_path / "data/prepared")
    corpus = Passages.of(read_rows(tmp_path / "data/prepared/corpus.jsonl", Document))
    questions = [
        Question(
            qid=f"q{at}", docid=docid, question=text, style="x", generator="x", split="train", overlap=0.5
        )
        for at, (text, docid) in enumerate(ASKED)
    ]
    write_rows(tmp_path / "data/qa/questions.jsonl", questions)
    write_rows(tmp_path / "data/qa/index_questions.jsonl", [])
    understood = [
        UnderstoodQuery(eval_id=at, standalone_query=text, needs_retrieval=True, source="x")
        for at, text in enumerate(QUERIES)
    ]
    write_rows(tmp_path / "data/queries/understood.jsonl", understood)
    write_rows(tmp_path / "data/queries/dev_understood.jsonl", [])
    index = tmp_path / "data/index/base"
    save_vectors(index / "corpus.npy", encoder.encode(corpus.texts, "passage", 48))
    save_vectors(index / "questions.npy", encoder.encode([text for text, _ in ASKED], "query", 24))
    save_vectors(index / "index_questions.npy", encoder.encode([], "query", 24))
    encoder.encode(QUERIES, "query", 24)
    write_json(tmp_path / "data/index/fusion_base.json", {})
    return tmp_path


@pytest.fixture
def run(project: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A stage of the repository, run in the project on an engine."""
    monkeypatch.chdir(project)

    def run_stage(engine: str, url: str | None, *stage: str) -> None:
        (project / "params.yaml").write_text(PARAMS % (engine, INDEX), encoding="utf-8")
        if url is not None:
            monkeypatch.setenv(f"SUNWI_{engine.upper()}_URL", url)
        monkeypatch.setattr(sys, "argv", list(stage))
        runpy.run_path(str(STAGES / f"{stage[0]}.py"), run_name="__main__")

    return run_stage


def mined(project: Path) -> list[MinedRow]:
    return read_rows(project / "data/mined/train.jsonl", MinedRow)


def ranked(project: Path, name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (project / f"data/submissions/{name}.run").read_text(encoding="utf-8").splitlines():
        qid, _, docid, *_ = line.split()
        found.setdefault(qid, []).append(docid)
    return found


def test_mining_and_a_submission_on_a_server_are_the_local_ones(
    run: Run, project: Path, scoring: Connection, played: Played
) -> None:
    results = {}
    for engine, url in (("local", None), (played.engine, played.url)):
        run(engine, url, "mine")
        run(engine, url, "submit", "rrf60")
        results[engine] = [row.neg_ids for row in mined(project)], ranked(project, "rrf60")
    assert results[played.engine] == results["local"]
    written = json.loads((project / "metrics/submissions/rrf60.json").read_text(encoding="utf-8"))
    assert written["engine"] == {"name": played.engine, "fusion": "rrf"}


def test_a_server_without_knn_serves_a_submission_and_says_what_it_cannot(
    run: Run, project: Path, connection: Connection, played: Played, capsys: pytest.CaptureFixture[str]
) -> None:
    if played.real or played.engine != "opensearch":
        pytest.skip("only the stand-in osmem-server has no kNN")
    run("opensearch", played.url, "submit", "bm25")
    assert set(ranked(project, "bm25")) == {"0", "1", "2"}
    with pytest.raises(SystemExit) as stopped:
        run("opensearch", played.url, "mine")
    assert stopped.value.code == 1
    assert "knn" in capsys.readouterr().err
