"""What passes between a terminal and every command: arguments, messages, the folder it runs in."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import pytest

from sunwi.cli import main
from sunwi.cli.query_text import read_query
from sunwi.errors import DataError
from sunwi.records.corpus import Document
from sunwi.records.files import write_rows

CORPUS = [
    Document(docid="d1", title="물", content="물은 100도에서 끓고 -5도에서 언다."),
    Document(docid="d2", title="땅", content="지각판이 움직이면 땅이 흔들린다."),
    Document(docid="d3", title="색", content="빨강은 \x1b[31m물감\x9b2J \u202e색이다."),
]


@dataclass
class Done:
    code: int
    out: str
    err: str


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text("data: {source: raw}\n", encoding="utf-8")
    write_rows(tmp_path / "data/prepared/corpus.jsonl", CORPUS)
    return tmp_path


@pytest.fixture
def sunwi(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["sunwi", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        for text in (out, err):
            assert not set(text) & set("\x1b\x9b\u202e\r"), "the terminal would obey this"
            text.encode("utf-8")
        return Done(int(stopped.value.code or 0), out, err)

    return run


def test_a_query_in_decomposed_form_finds_what_the_composed_one_does(project: Path, sunwi) -> None:
    forms = [unicodedata.normalize(form, "땅은 왜 흔들리나?") for form in ("NFC", "NFD")]
    assert forms[0] != forms[1]
    answers = [sunwi("search", form, "--mode", "bm25", "--json").out for form in forms]
    assert answers[0] == answers[1]
    assert json.loads(answers[0])["results"][0]["docid"] == "d2"


@pytest.mark.parametrize("query", ["-5도에서 물은?", "--물", "-물", "- 물", "-5"])
def test_a_query_may_begin_with_a_dash(project: Path, sunwi, query: str) -> None:
    done = sunwi("search", query, "--mode", "bm25", "--k", "2", "--json")
    assert done.code == 0, done.err
    answer = json.loads(done.out)
    assert answer["query"] == query
    assert answer["results"][0]["docid"] == "d1"


def test_options_are_still_told_from_queries(project: Path, sunwi) -> None:
    done = sunwi("search", "물", "--mod", "bm25")
    assert (done.code, "No such option: --mod" in done.err) == (2, True)
    assert "expected 1 or more" in sunwi("search", "물", "--mode", "bm25", "--k", "-5").err
    assert json.loads(sunwi("search", "--mode", "bm25", "--json", "--", "-x 물").out)["query"] == "-x 물"


def test_a_query_is_cut_before_anything_looks_at_it() -> None:
    query, notes = read_query("물" * 1_000_000, 64)
    assert query == "물" * 2048
    assert notes == ["the query has 1,000,000 characters; the first 2,048 are used"]
    assert read_query("물\u0301" * 500_000, 8)[0] == unicodedata.normalize("NFC", "물\u0301" * 128)


def test_bytes_that_are_not_utf8_are_replaced_and_counted(project: Path, sunwi) -> None:
    done = sunwi("search", os.fsdecode("물은 ".encode() + b"\xb9\xb0"), "--mode", "bm25", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["query"] == "물은 \ufffd\ufffd"
    assert done.err == "2 bytes of the query are not UTF-8; they are read as U+FFFD\n"


@pytest.mark.parametrize("query", ["", "  ", "\x1b", "\u200b"])
def test_a_query_without_text_is_refused(query: str) -> None:
    with pytest.raises(DataError, match="the query is empty"):
        read_query(query, 64)


def test_control_characters_of_a_corpus_are_not_printed(project: Path, sunwi) -> None:
    plain = sunwi("search", "물감", "--mode", "bm25")
    assert "빨강은 \ufffd[31m[물감]\ufffd2J \ufffd색이다" in plain.out
    found = json.loads(sunwi("search", "물감", "--mode", "bm25", "--json").out)["results"][0]
    assert [found["snippet"][start:end] for start, end in found["matches"]] == ["물감"]


def test_control_characters_of_arguments_are_not_printed(project: Path, sunwi) -> None:
    assert "1b[2J" in sunwi("search", "물", "\x1b[2J").err
    assert "\\udcff" in sunwi("inspect", os.fsdecode(b"\xff"), "--file", os.fsdecode(b"\xff.jsonl")).err
    assert "1b[2J" in sunwi("\x1b[2J").err


@pytest.mark.parametrize(
    "content", ['{"a": NaN}', "[1]", '{"b": {"map": "x"}}', '{"b": 1}', '{"b": {"map": 0.5}}']
)
def test_scores_of_another_form_are_named(project: Path, sunwi, content: str) -> None:
    (project / "metrics").mkdir()
    (project / "metrics" / "scores.json").write_text(content, encoding="utf-8")
    assert "is not the table that the stage score writes" in sunwi("scores").err


@pytest.mark.parametrize(
    "command",
    [
        ["search", "물"],
        ["import", "table", "t.csv", "--content", "text", "--docid", "id"],
        ["recipe", "embedded"],
        ["scores"],
        ["push", "--to", "folder:x"],
    ],
)
def test_in_a_subfolder_nothing_is_written_and_the_project_is_named(
    project: Path, sunwi, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    (project / "corpora" / "new").mkdir(parents=True)
    table = project / "corpora" / "new" / "t.csv"
    table.write_text("id,text\n1,물은 끓는다\n", encoding="utf-8")
    before = {path for path in project.rglob("*") if ".cache" not in path.parts}
    monkeypatch.chdir(table.parent)
    done = sunwi(*command)
    assert done.code == 1
    assert "the project's folder is ../.. (" in done.err
    assert "Next: `cd ../..`" in done.err
    assert {path for path in project.rglob("*") if ".cache" not in path.parts} == before
    assert sunwi(*command[:1], "--help").code == 0


def test_doctor_names_a_params_file_that_cannot_be_read(project: Path, sunwi) -> None:
    (project / "params.yaml").write_bytes("# 설정\n".encode("cp949"))
    done = sunwi("doctor")
    assert done.code == 1
    assert "params.yaml: expected UTF-8, which DVC needs, found CP949" in done.out
    assert "expected UTF-8, which DVC needs, found CP949" in sunwi("search", "물").err
