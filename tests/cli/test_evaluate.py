"""`sunwi evaluate`: several sets and systems in one command."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from sunwi.cli import app
from sunwi.records.files import read_json
from sunwi.trec import read_run

TEXTS = {
    "d1": "적혈구의 헤모글로빈이 산소를 온몸으로 나른다.",
    "d2": "지각판이 움직이며 쌓인 힘이 풀리면 땅이 흔들린다.",
    "d3": "세종대왕은 훈민정음을 만들었다.",
}
QUERIES = {"q1": "산소를 나르는 것은?", "q2": "땅이 흔들리는 까닭은?", "q3": "훈민정음은 누가 만들었나?"}


@pytest.fixture
def sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    for name, judged in (("one", {"q1": "d1", "q2": "d2"}), ("two", {"q3": "d3"})):
        folder = tmp_path / name
        (folder / "qrels").mkdir(parents=True)
        corpus = [{"_id": docid, "title": "", "text": text} for docid, text in TEXTS.items()]
        queries = [{"_id": qid, "text": text} for qid, text in QUERIES.items()]
        for table, rows in (("corpus", corpus), ("queries", queries)):
            lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            (folder / f"{table}.jsonl").write_text(lines, encoding="utf-8")
        lines = "query-id\tcorpus-id\tscore\n" + "".join(f"{q}\t{d}\t1\n" for q, d in judged.items())
        (folder / "qrels/test.tsv").write_text(lines, encoding="utf-8")
    return ["one", "two"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["evaluate", *arguments])


def test_all_systems_over_all_sets(sets: list[str], tmp_path: Path) -> None:
    result = run(*sets)
    assert result.exit_code == 0, result.output
    out = tmp_path / "data/evaluation"
    scores = read_json(out / "scores.json")
    dense = "dense builtin/multilingual-e5-small"
    assert sorted(scores["systems"]) == ["bm25", dense, "hybrid builtin/multilingual-e5-small"]
    assert scores["baseline"] == "bm25"
    assert scores["sets"]["one"]["queries"] == 2
    for system in scores["systems"].values():
        means = [system["sets"][name]["means"]["ndcg_at_10"] for name in ("one", "two")]
        assert system["macro"]["ndcg_at_10"] == pytest.approx(sum(means) / 2)
        assert means == [1.0, 1.0]  # easy on purpose
    assert next(iter(read_run(out / "runs/dense__builtin__multilingual-e5-small/two.run")["q3"])) == "d3"
    assert (out / "mteb/results/bm25/local/one.json").exists()
    assert (out / "table.md").read_text(encoding="utf-8").strip() in result.stdout
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert run(*sets).exit_code == 0
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_what_cannot_be_evaluated_is_refused_before_any_work(sets: list[str], tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(
        "submissions:\n  asked: {retrievers: [bm25, questions], fusion: rrf}\n"
        "baselines:\n  hyde: {queries: [standalone, variants], fusion: rrf}\n"
        "  plain: {retrievers: [bm25], fusion: rrf}\n"
        "score: {baseline: plain}\n",
        encoding="utf-8",
    )
    fault = run(
        *sets, "--mode", "bm25", "--variant", "asked", "--variant", "hyde", "--variant", "absent"
    ).exception
    assert "'asked' searches by questions" in str(fault)
    assert "'hyde' searches for standalone, variants" in str(fault)
    assert "there is no variant 'absent'" in str(fault)
    assert "--baseline is 'dense'" in str(run(*sets, "--mode", "bm25", "--baseline", "dense").exception)
    assert "named twice" in str(run("one", "one", "--mode", "bm25").exception)
    assert not (tmp_path / "data").exists()
    result = run(*sets, "--mode", "bm25", "--variant", "plain", "--baseline", "plain", "--out", "out")
    assert result.exit_code == 0, result.output
    systems = read_json(tmp_path / "out/scores.json")["systems"]
    assert systems["plain"]["macro"] == systems["bm25"]["macro"]
