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


@pytest.mark.parametrize(
    ("source", "precision", "expected"),
    [
        ("data/demo", "float32", "auto"),
        ("data/demo", "int8", "int8"),  # a person's own choice
        ("data/raw", "float32", "float32"),  # the same source once more
    ],
)
def test_an_own_corpus_takes_the_fast_precision_and_says_so(
    project: Path, source: str, precision: str, expected: str
) -> None:
    text = f"data:\n  source: {source}\nencoder:\n  precision: {precision} # of vectors\n"
    (project / "params.yaml").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(import_app, ["competition", "--documents", "d.jsonl"])
    changed = text.replace(source, "data/raw").replace(f"precision: {precision}", f"precision: {expected}")
    assert (project / "params.yaml").read_text(encoding="utf-8").split() == changed.split()
    said = [line for line in result.output.splitlines() if "encoder.precision is auto" in line]
    assert len(said) == (expected == "auto")


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


@pytest.mark.parametrize("broken", ["data: [\n", "data: raw\n", "qa: given\n", "- a\n"])
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


WITH_PROVIDER = "data:\n  source: data/demo\nqa:\n  provider: template # how\n  dev_share: 0.2\n"


def _questions(project: Path, params: str) -> list[str]:
    (project / "params.yaml").write_text(params, encoding="utf-8")
    (project / "q.jsonl").write_text('{"docid": "d1", "question": "뭐?"}\n', encoding="utf-8")
    return ["competition", "--documents", "d.jsonl", "--questions", "q.jsonl"]


def test_given_questions_set_the_provider_and_say_so(project: Path) -> None:
    result = CliRunner().invoke(import_app, _questions(project, WITH_PROVIDER))
    assert result.exit_code == 0, result.output
    expected = WITH_PROVIDER.replace("data/demo", "data/raw").replace("template", "given")
    assert (project / "params.yaml").read_text(encoding="utf-8").split() == expected.split()
    assert "qa.provider is given, for 1 questions came with the corpus; it was template" in result.output


def test_keep_provider_leaves_it_and_says_that_the_questions_are_ignored(project: Path) -> None:
    result = CliRunner().invoke(import_app, [*_questions(project, WITH_PROVIDER), "--keep-provider"])
    assert result.exit_code == 0, result.output
    expected = WITH_PROVIDER.replace("data/demo", "data/raw")
    assert (project / "params.yaml").read_text(encoding="utf-8") == expected
    assert "qa.provider stays template: the 1 given questions are ignored until it is given" in result.output


def test_no_questions_leave_the_provider_and_a_given_one_is_named(project: Path) -> None:
    for provider in ("llm", "given"):
        params = WITH_PROVIDER.replace("template", provider)
        (project / "params.yaml").write_text(params, encoding="utf-8")
        result = CliRunner().invoke(import_app, ["competition", "--documents", "d.jsonl"])
        assert result.exit_code == 0, result.output
        assert f"provider: {provider} #" in (project / "params.yaml").read_text(encoding="utf-8")
        assert ("no questions came with the corpus" in result.output) is (provider == "given")


def test_without_params_the_next_step_names_the_provider(project: Path) -> None:
    arguments = _questions(project, WITH_PROVIDER)
    (project / "params.yaml").unlink()
    result = CliRunner().invoke(import_app, arguments)
    assert "set data.source to data/raw and qa.provider to given in params.yaml" in result.output


def test_params_that_cannot_be_written_leave_the_folder_as_it_was(project: Path) -> None:
    assert CliRunner().invoke(import_app, ["competition", "--documents", "d.jsonl"]).exit_code == 0
    corpus = project / "data" / "raw" / "corpus.jsonl"
    before = corpus.read_bytes()
    (project / "d.jsonl").write_text('{"docid": "d1", "content": "새 글"}\n', encoding="utf-8")
    arguments = _questions(project, WITH_PROVIDER)
    (project / f".params.yaml.{os.getpid()}.part").mkdir()  # in the way of the new params.yaml
    for out in ("data/raw", "other/raw"):
        result = CliRunner().invoke(import_app, [*arguments, "--out", out])
        assert result.exit_code == 1
        assert "params.yaml cannot be written: Is a directory; nothing was changed" in result.stderr
    assert corpus.read_bytes() == before
    assert (project / "params.yaml").read_text(encoding="utf-8") == WITH_PROVIDER
    assert not (project / "other").exists()


def test_force_names_what_it_overwrites(project: Path) -> None:
    (project / "data" / "raw").mkdir(parents=True)
    (project / "data" / "raw" / "qrels.tsv").write_text("mine", encoding="utf-8")
    arguments = ["competition", "--documents", "d.jsonl"]
    refused = CliRunner().invoke(import_app, arguments)
    assert refused.exit_code == 1
    assert "data/raw holds files that an import did not write" in refused.stderr
    assert (project / "params.yaml").read_text(encoding="utf-8") == PARAMS
    forced = CliRunner().invoke(import_app, [*arguments, "--force"])
    assert forced.exit_code == 0
    assert "overwriting in data/raw: qrels.tsv" in forced.stderr
