import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from sunwi.cli import app
from sunwi.errors import DataError, ParamsError, SunwiError
from sunwi.models.encoder import Encoder
from sunwi.records.corpus import Document
from sunwi.records.files import write_json, write_rows
from sunwi.search.fusion.normalise import zscore

QUESTION = "산소를 나르는 것은 무엇인가?"
CORPUS = [
    Document(docid="d1", title="광합성", content="식물은 빛을 받아 포도당과 산소를 만든다."),
    Document(docid="d2", title="지진", content="지각판이 움직이며 쌓인 힘이 풀리면 땅이 흔들린다."),
    Document(docid="d3", title="혈액", content="적혈구의 헤모글로빈이 산소를 온몸으로 나른다."),
    Document(docid="d4#0", title="한글", content="세종대왕은 훈민정음을 만들었다.", parent="d4"),
    Document(docid="d4#1", title="한글", content="훈민정음은 자음과 모음으로 이루어졌다.", parent="d4"),
]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(
        "data: {source: raw}\nbm25: {b: 0.5}\nencoder: {precision: float32}\n", encoding="utf-8"
    )
    write_rows(tmp_path / "data/prepared/corpus.jsonl", CORPUS)
    return tmp_path


def ask(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["search", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def fault(*arguments: str) -> SunwiError:
    result = CliRunner().invoke(app, ["search", *arguments])
    assert isinstance(result.exception, SunwiError), result.output
    assert "Next: " in str(result.exception)
    return result.exception


def test_bm25_shows_only_passages_that_have_a_term(project: Path) -> None:
    answer = ask(QUESTION, "--mode", "bm25")
    assert answer["model"] is None
    assert {result["docid"] for result in answer["results"]} == {"d1", "d3"}
    best = answer["results"][0]
    assert best["docid"] == "d3"
    assert best["components"]["bm25"]["rank"] == 1
    marked = [best["snippet"][start:end] for start, end in best["matches"]]
    assert marked == ["산소", "나른"]
    assert ask("zzzqqq", "--mode", "bm25")["results"] == []


def test_bm25_imports_no_torch(project: Path) -> None:
    program = f"""
import sys
from sunwi.cli import main
sys.argv = ["sunwi", "search", {QUESTION!r}, "--mode", "bm25"]
try:
    main()
finally:
    print(sorted({{"torch", "transformers"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_dense_scores_are_the_encoders_cosines(project: Path, encoder: Encoder) -> None:
    answer = ask(QUESTION, "--mode", "dense", "--k", "8")
    passages = encoder.encode([document.text for document in CORPUS], "passage", 256)
    query = encoder.encode([QUESTION], "query", 64)[0]
    expected = {
        document.docid: float(np.dot(query.astype(np.float32), vector.astype(np.float32)))
        for document, vector in zip(CORPUS, passages, strict=True)
    }
    assert len(answer["results"]) == 4  # d4's chunks are one document
    for result in answer["results"]:
        assert result["components"]["dense"]["score"] == pytest.approx(expected[result["docid"]], abs=1e-5)
    of_d4 = [result for result in answer["results"] if result["document"] == "d4"]
    assert [result["docid"] for result in of_d4] == [max(("d4#0", "d4#1"), key=expected.__getitem__)]


def test_hybrid_is_the_weighted_sum_of_z_scores(project: Path) -> None:
    (project / "params.yaml").write_text(
        "mining: {bm25_weight: 0.25}\nencoder: {precision: float32}\n", encoding="utf-8"
    )
    hybrid = ask(QUESTION, "--k", "8")
    assert hybrid["weights"] == {"bm25": 0.25, "dense": 1.0}
    assert "fusion_base.json is not there yet" in hybrid["weights_from"]
    single = {
        mode: {result["docid"]: result for result in ask(QUESTION, "--mode", mode, "--k", "8")["results"]}
        for mode in ("bm25", "dense")
    }
    for result in hybrid["results"]:
        docid = result["docid"]
        if docid in single["bm25"] and docid in single["dense"]:
            expected = 0.25 * single["bm25"][docid]["score"] + single["dense"][docid]["score"]
            assert result["score"] == pytest.approx(expected, abs=1e-4)
    scores = [result["score"] for result in hybrid["results"]]
    assert scores == sorted(scores, reverse=True)


def test_z_scores_are_over_the_whole_corpus(project: Path) -> None:
    results = ask(QUESTION, "--mode", "bm25")["results"]
    raw = [result["components"]["bm25"]["score"] for result in results]
    row = np.array([[*raw, *[0.0] * (len(CORPUS) - len(raw))]], dtype=np.float32)
    expected = zscore(row)[0, : len(raw)]
    assert [result["score"] for result in results] == pytest.approx(expected.tolist(), abs=1e-4)


def test_fitted_weights_of_the_encoder_are_taken(project: Path) -> None:
    fitted = {"bm25+dense": {"bm25": 0.3, "dense": 1.0}}
    write_json(project / "data/index/fusion_base.json", fitted)
    write_json(project / "data/index/fusion_promoted.json", {"bm25+dense": {"bm25": 2.0, "dense": 1.0}})
    answer = ask(QUESTION)
    assert answer["weights"] == fitted["bm25+dense"]
    assert answer["weights_from"] == "data/index/fusion_base.json"


def test_the_tuned_model_takes_its_own_weights(project: Path, encoder: Encoder) -> None:
    (project / "models").mkdir()
    (project / "models/embedder").symlink_to(encoder.info.folder)
    write_json(project / "data/index/fusion_promoted.json", {"bm25+dense": {"bm25": 2.0, "dense": 1.0}})
    answer = ask(QUESTION, "--model", "models/embedder/")
    assert answer["weights_from"] == "data/index/fusion_promoted.json"
    assert answer["weights"]["bm25"] == 2.0


@pytest.mark.parametrize(
    "content",
    [{}, {"bm25+dense": {"bm25": "x"}}, [], {"bm25+dense": {"bm25": 1}}],
)
def test_weights_in_another_form_are_an_error(project: Path, content: object) -> None:
    write_json(project / "data/index/fusion_base.json", content)
    assert "has no weights of bm25 and dense" in str(fault(QUESTION))


def test_an_unprepared_source_is_prepared_on_the_fly(project: Path) -> None:
    (project / "data/prepared/corpus.jsonl").rename(project / "corpus.jsonl")
    assert "raw" in str(fault(QUESTION))
    (project / "raw").mkdir()
    rows = [{"docid": "b", "content": "산소를  나른다."}, {"docid": "a", "content": "바다는 넓다."}]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (project / "raw/corpus.jsonl").write_text(lines, encoding="utf-8")
    answer = ask(QUESTION, "--mode", "bm25")
    assert (answer["corpus"], answer["prepared"]) == ("raw", False)
    assert answer["results"][0]["snippet"] == "산소를 나른다."
    text = CliRunner().invoke(app, ["search", QUESTION, "--mode", "bm25"]).output
    assert "data/prepared does not exist yet" in text


def test_the_text_names_every_component(project: Path) -> None:
    result = CliRunner().invoke(app, ["search", QUESTION, "--k", "2"])
    assert result.exit_code == 0
    assert "5 passages of data/prepared, builtin/multilingual-e5-small" in result.output
    first = next(line for line in result.output.splitlines() if line.startswith("1. "))
    assert "d3" in first
    assert "bm25" in first
    assert "dense" in first
    assert "[산소]" in result.output
    nothing = CliRunner().invoke(app, ["search", "zzzqqq", "--mode", "bm25"])
    assert "No passage has a term of the query (zzzqqq). Next: try --mode dense" in nothing.output


def test_errors_name_what_was_found_and_the_next_step(project: Path) -> None:
    assert "empty" in str(fault(" \n"))
    assert "--k is 0" in str(fault("질문", "--k", "0"))
    assert "--model has no effect" in str(fault("질문", "--mode", "bm25", "--model", "models/embedder"))
    assert "--model is empty" in str(fault("질문", "--model", ""))
    assert "elsewhere" in str(fault("질문", "--data", "elsewhere"))
    assert "models/embedder" in str(fault("질문", "--model", "models/embedder"))
    assert isinstance(fault("질문", "--data", "elsewhere"), DataError)
    (project / "params.yaml").unlink()
    assert isinstance(fault("질문"), ParamsError)


def test_the_lexical_mode_wants_a_model_with_that_head(project: Path) -> None:
    assert "no lexical head" in str(fault(QUESTION, "--mode", "lexical"))
