"""`sunwi cache export`, `import`, `info`: a teammate replays byte for byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sunwi.cli import app
from sunwi.errors import SunwiError
from sunwi.llm.client import LlmClient


def run(*arguments: Any) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=True)
    if isinstance(result.exception, SunwiError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def paid(bench: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Three questions (one blocked) and two rerank answers, recorded in the bench's folder."""
    monkeypatch.setenv("SUNWI_CACHE_DIR", str(bench.folder))
    bench.server.script = [bench.server.chat(None, "content_filter")]
    client = bench.client(concurrency=1)
    return [
        *client.complete(bench.requests(3), str),
        *client.complete(bench.requests(5, task="rerank")[3:], str),
    ]


def test_the_way_to_a_teammate_without_a_key(
    bench: Any, paid: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "answers.jsonl"
    assert "5 recorded answers written" in run("cache", "export", file)
    keys = [json.loads(line)["key"] for line in file.read_text(encoding="utf-8").splitlines()]
    assert keys == sorted(keys)
    monkeypatch.setenv("SUNWI_CACHE_DIR", str(tmp_path / "theirs"))
    monkeypatch.delenv("SUNWI_TEST_KEY")
    assert "5 answers added, 0 were there already" in run("cache", "import", file)
    assert "0 answers added, 5 were there already" in run("cache", "import", file)
    replayed = LlmClient(bench.settings(provider="replay", base_url=None)).complete(
        [outcome.request for outcome in paid], str
    )
    assert [(o.status, o.text, o.detail) for o in replayed] == [(o.status, o.text, o.detail) for o in paid]
    assert all(outcome.cached for outcome in replayed)
    run("cache", "export", tmp_path / "again.jsonl")
    assert (tmp_path / "again.jsonl").read_bytes() == file.read_bytes()


def test_one_tasks_answers(paid: list[Any], tmp_path: Path) -> None:
    run("cache", "export", tmp_path / "one.jsonl", "--task", "rerank")
    rows = [json.loads(line) for line in (tmp_path / "one.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["task"] for row in rows] == ["rerank", "rerank"]
    with pytest.raises(SunwiError, match="there are answers of questions, rerank"):
        run("cache", "export", tmp_path / "none.jsonl", "--task", "hyde")
    assert not (tmp_path / "none.jsonl").exists()


def test_all_faults_of_a_file_are_told_and_nothing_is_imported(
    bench: Any, paid: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "answers.jsonl"
    run("cache", "export", file)
    lines = file.read_text(encoding="utf-8").splitlines()
    negative = lines[3].replace('"tokens_in": 10', '"tokens_in": -1')
    broken = [lines[0], "{", lines[1].replace('"status": "', '"status": "un'), negative, lines[0]]
    file.write_text("\n".join(broken) + "\n", encoding="utf-8")
    monkeypatch.setenv("SUNWI_CACHE_DIR", str(tmp_path / "theirs"))
    with pytest.raises(SunwiError) as refused:
        run("cache", "import", file)
    message = str(refused.value)
    for number in (2, 3, 4, 5):
        assert f"answers.jsonl:{number}: " in message
    assert "sunwi cache export" in message
    with pytest.raises(SunwiError, match="5 rows have no recorded answer"):
        LlmClient(bench.settings(provider="replay")).complete([outcome.request for outcome in paid], str)


def test_what_is_recorded_stays_unless_it_is_to_be_replaced(
    bench: Any, paid: list[Any], tmp_path: Path
) -> None:
    file = tmp_path / "answers.jsonl"
    run("cache", "export", file)
    file.write_text(file.read_text(encoding="utf-8").replace("re: 글 4", "다른 답"), encoding="utf-8")
    assert "1 were there with another answer: kept" in run("cache", "import", file)
    request = paid[4].request
    assert bench.client().complete([request], str)[0].text == "re: 글 4"
    assert "replaced by the file's" in run("cache", "import", file, "--replace")
    assert bench.client().complete([request], str)[0].text == "다른 답"


def test_info_counts_by_task_model_and_status(paid: list[Any]) -> None:
    shown = run("cache", "info")
    assert "llm: 5 rows" in shown
    assert "questions, solar-pro2: 1 blocked, 15 tokens" in shown
    assert "questions, solar-pro2: 2 ok, 30 tokens" in shown
    assert "rerank, solar-pro2: 2 ok, 30 tokens" in shown


def test_info_without_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUNWI_CACHE_DIR", str(tmp_path / "nowhere"))
    assert "has no row cache" in run("cache", "info")
