import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sunwi.cli.importing import import_app

PARAMS = """\
# the whole pipeline
seed: 42   # of every stage
data:
  source: data/demo  # set by `sunwi import`
corpus:
  max_chars: 1200
submissions:
  a: {retrievers: [bm25, dense]}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(PARAMS, encoding="utf-8")
    row = {"docid": "d1", "content": "글"}
    (tmp_path / "d.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    return tmp_path


def test_imports_and_sets_the_source_alone(project: Path) -> None:
    result = CliRunner().invoke(import_app, ["competition", "--documents", "d.jsonl"])
    assert result.exit_code == 0, result.output
    assert (project / "data/raw/corpus.jsonl").exists()
    expected = PARAMS.replace("data/demo ", "data/raw ")
    assert (project / "params.yaml").read_text(encoding="utf-8").split() == expected.split()
    assert "documents" in result.output
    assert "make repro" in result.output


@pytest.mark.parametrize("entry", ["- a", "  - a"])
def test_lists_keep_their_indents(project: Path, entry: str) -> None:
    text = f"data:\n  source: 'data/demo'\nqa:\n  groups:\n  {entry}\n  # the end\n"
    (project / "params.yaml").write_text(text, encoding="utf-8")
    CliRunner().invoke(import_app, ["competition", "--documents", "d.jsonl"])
    expected = text.replace("data/demo", "data/raw")
    assert (project / "params.yaml").read_text(encoding="utf-8") == expected


def test_the_same_source_leaves_the_file_untouched(project: Path) -> None:
    CliRunner().invoke(import_app, ["competition", "--documents", "d.jsonl", "--out", "data/demo"])
    assert (project / "params.yaml").read_text(encoding="utf-8") == PARAMS


def test_works_without_params(project: Path) -> None:
    (project / "params.yaml").unlink()
    result = CliRunner().invoke(import_app, ["competition", "--documents", "d.jsonl"])
    assert result.exit_code == 0
    assert "set data.source to data/raw" in result.output
    assert not (project / "params.yaml").exists()


def test_faults_go_to_stderr_with_exit_code_1_and_nothing_changes(project: Path) -> None:
    (project / "d.jsonl").write_text("{\n[]\n", encoding="utf-8")
    result = CliRunner().invoke(import_app, ["competition", "--documents", "d.jsonl"])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "2 problems in the input; nothing was written" in result.stderr
    assert "Traceback" not in result.output
    assert not (project / "data").exists()
    assert (project / "params.yaml").read_text(encoding="utf-8") == PARAMS


@pytest.mark.parametrize("broken", ["data: [\n", "data: raw\n", "- a\n"])
def test_broken_params_stop_before_anything_is_written(project: Path, broken: str) -> None:
    (project / "params.yaml").write_text(broken, encoding="utf-8")
    result = CliRunner().invoke(import_app, ["competition", "--documents", "d.jsonl"])
    assert result.exit_code == 1
    assert "params.yaml is not valid" in result.stderr
    assert not (project / "data").exists()


def test_squad_beir_and_table_have_their_commands(project: Path) -> None:
    squad = {
        "data": [
            {
                "title": "글",
                "paragraphs": [
                    {
                        "context": "본문",
                        "qas": [{"id": "1", "question": "뭐?", "answers": [{"text": "본문"}]}],
                    }
                ],
            }
        ]
    }
    (project / "s.json").write_text(json.dumps(squad), encoding="utf-8")
    (project / "t.csv").write_bytes("본문,번호\n글,1\n".encode("cp949"))
    (project / "b").mkdir()
    (project / "b" / "corpus.jsonl").write_text('{"_id": "1", "text": "글"}\n', encoding="utf-8")
    (project / "b" / "queries.jsonl").write_text('{"_id": "1", "text": "뭐?"}\n', encoding="utf-8")
    runs = [
        ["squad", "s.json", "--tune-share", "1", "--out", "one"],
        ["table", "t.csv", "--content", "본문", "--docid", "번호", "--out", "two"],
        ["beir", "b", "--out", "three"],
    ]
    results = [CliRunner().invoke(import_app, arguments) for arguments in runs]
    assert [result.exit_code for result in results] == [0, 0, 0]
    assert "cp949" in results[1].output
    assert (project / "one" / "questions.jsonl").stat().st_size > 0
    assert all((project / name / "corpus.jsonl").exists() for name in ("one", "two", "three"))


def test_the_command_line_loads_nothing_heavy() -> None:
    heavy = "{'pydantic', 'numpy', 'pandas', 'torch', 'datasketch', 'kiwipiepy', 'ruamel', 'rich.table'}"
    code = f"import sys, sunwi.cli.importing; print(sorted({heavy} & set(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert run.stdout.strip() == "[]"
