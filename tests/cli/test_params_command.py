"""`sunwi params`: what it shows of a key, and the files that it writes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from sunwi.cli import app
from sunwi.errors import DataError, ParamsError

ROOT = Path(__file__).parents[2]
WRITTEN = ("params/defaults.yaml", "params/overrides.yaml", "docs/parameters.md")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in (*WRITTEN, "params.yaml", "dvc.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["params", *arguments])


def test_it_writes_what_differs_and_check_names_it(project: Path) -> None:
    assert run("--check").output == run("--write").output == "Nothing differs.\n"
    kept = {name: (project / name).read_bytes() for name in WRITTEN}
    for name in WRITTEN:
        (project / name).write_text("seed: 1\n", encoding="utf-8")
    result = run("--check")
    assert result.exit_code == 1 or isinstance(result.exception, ParamsError)
    (project / "params/defaults.yaml").write_bytes(kept["params/defaults.yaml"])
    result = run("--check")
    assert result.exit_code == 1
    assert [line.split(":")[0] for line in result.output.splitlines()] == [
        "docs/parameters.md", "params/overrides.yaml", "Next",
    ]  # fmt: skip
    (project / "params/defaults.yaml").unlink()
    assert run("--write").exit_code == 0
    assert {name: (project / name).read_bytes() for name in WRITTEN} == kept


def test_a_key_with_its_place_and_what_it_runs_again(project: Path) -> None:
    output = run("llm.max_tokens").output
    assert output.startswith("llm.max_tokens: 1024  (params/defaults.yaml)\n")
    submits = "submit_baseline, judge, augment_failures, submit_promoted, submit, combine"
    assert f"runs again: check_params, generate_qa, understand_queries, {submits}" in output
    assert "dvc exp run -S params/defaults.yaml:llm.max_tokens=VALUE" in output
    text = (project / "params.yaml").read_text(encoding="utf-8")
    text = text.replace("  model: solar-pro2 ", "  max_tokens: 2048\n  model: solar-pro2 ")
    (project / "params.yaml").write_text(text, encoding="utf-8")
    output = run("llm.max_tokens").output
    assert output.startswith("llm.max_tokens: 2048  (params.yaml)\n")
    assert "dvc exp run -S llm.max_tokens=VALUE" in output


def test_a_section_and_what_is_not_there(project: Path) -> None:
    assert run("data").output.startswith("data.source: data/demo  (params.yaml)\n")
    lines = run("bm25").output.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "bm25.tokenizer", "bm25.k1", "bm25.b", "bm25.bigram_weight", "bm25.expand",
    ]  # fmt: skip
    assert isinstance(run("bm24").exception, DataError)
    assert isinstance(run("bm25", "--write").exception, DataError)
