"""Commands that read a project's tables: `sunwi diff` and `sunwi estimate` on a project written by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.small_project import TEST, write_project
from typer.testing import CliRunner

from sunwi.cli import app
from sunwi.errors import DataError, InputProblems
from sunwi.paths import PREPARED, SUBMISSIONS
from sunwi.records.corpus import Document
from sunwi.records.files import write_rows
from sunwi.records.submissions import SubmissionRow

PARAMS = """
qa: {questions_per_document: 2}
llm: {model: some-model}
submissions: {one: {}, two: {}}
score: {baseline: one}
"""


@pytest.fixture
def project(tmp_path: Path, tiny_corpus: list[Document], monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = write_project(tmp_path / "project", tiny_corpus, PARAMS)
    found = {"one": [["d3", "d1"], ["d7", "d4"], []], "two": [["d3", "d2"], ["d4", "d7"], []]}
    for name, of in found.items():
        rows = [
            SubmissionRow(eval_id=qid, standalone_query=text, topk=topk)
            for qid, (text, topk) in enumerate(zip(TEST, of, strict=True), start=1)
        ]
        write_rows(folder / SUBMISSIONS / f"{name}.jsonl", rows)
    monkeypatch.chdir(folder)
    return folder


def test_diff_shows_what_changed_with_its_passages_and_its_worth(project: Path) -> None:
    done = CliRunner().invoke(app, ["diff", "one", "two"], catch_exceptions=False)
    assert done.exit_code == 0
    head, worth, _, query, *sides = done.output.splitlines()
    assert head == "one -> two: top 1 changed 1 of 3, topk 2"
    # query 2: d4 rises from the second place to the first, 0.5 of one query in three
    assert worth == "average precision: 1 better, 0 worse, MAP +0.1667"
    assert query == f"2  {TEST[1]}"
    assert sides[0] == "  - d7, d4  AP 0.500"
    assert "조석" in sides[1]
    assert sides[2] == "  + d4, d7  AP 1.000"
    assert "한글" in sides[3]  # a chunk stands for its document


def test_diff_without_prepared_tables_names_the_file(project: Path) -> None:
    (project / PREPARED / "corpus.jsonl").unlink()
    done = CliRunner().invoke(app, ["diff", "one", "two"])
    assert isinstance(done.exception, InputProblems)
    assert "data/prepared/corpus.jsonl" in str(done.exception)


def test_estimate_tells_the_calls_and_that_none_is_made(project: Path) -> None:
    done = CliRunner().invoke(app, ["estimate", "--no-time"], catch_exceptions=False)
    assert done.exit_code == 0
    first, calls, prices = done.output.splitlines()
    assert first.startswith("qa.provider is template: no call is made.")
    assert calls.startswith("questions by some-model: ")
    assert "8 rows: 0 cached, 8 calls; " in calls  # one for each passage
    assert prices.startswith("llm.price_in and llm.price_out are 0")


def test_estimate_without_prepared_tables_says_which_stage_writes_them(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / PREPARED).rename(project / "aside")
    done = CliRunner().invoke(app, ["estimate", "--no-time"])
    assert isinstance(done.exception, DataError)
    assert str(done.exception) == "there is no data/prepared. Next: run dvc repro prepare"
