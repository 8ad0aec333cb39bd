"""Text that UTF-8 cannot hold, that cannot be seen, or that looks the same as another, in every reader."""

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from sunwi.cli.importing import import_app
from sunwi.corpus.cleaning import clean
from sunwi.corpus.importing import ImportReport, import_source
from sunwi.corpus.source import assemble, read_source
from sunwi.errors import InputProblems
from sunwi.records.corpus import Document, Query
from sunwi.records.files import read_rows
from sunwi.trec import read_qrels

HALF = "half characters, read as U+FFFD"


def lines(path: Path, *rows: dict[str, Any]) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def competition(
    tmp_path: Path, document: dict[str, Any], query: dict[str, Any] | None = None
) -> ImportReport:
    inputs = {"documents": lines(tmp_path / "d.jsonl", {"docid": "d", "content": "글"} | document)}
    if query:
        inputs["queries"] = lines(tmp_path / "q.jsonl", query)
    return import_source("competition", tmp_path / "out", **inputs)


def test_half_characters_of_a_competition_set(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "뭐\udc00?"}, {"role": "user", "content": "왜?"}]
    report = competition(
        tmp_path,
        {"content": "반쪽 \ud83d", "title": "\ud83d", "src": "\ude00x"},
        {"eval_id": 1, "msg": turns},
    )
    assert report.counted == {
        f"field 'content' of d.jsonl: {HALF}": 1,
        f"field 'title' of d.jsonl: {HALF}": 1,
        f"field 'src' of d.jsonl: {HALF}": 1,
        f"field 'msg' of q.jsonl: {HALF}": 1,
    }
    [document] = read_rows(tmp_path / "out" / "corpus.jsonl", Document)
    assert (document.content, document.title, document.src) == ("반쪽 \ufffd", "\ufffd", "\ufffdx")
    [query] = read_rows(tmp_path / "out" / "queries.jsonl", Query)
    assert [turn.content for turn in query.messages] == ["뭐\ufffd?", "왜?"]


def test_half_characters_of_a_squad_file(tmp_path: Path) -> None:
    question = {"id": "q", "question": "뭐\ud83d?", "answers": [{"text": "\ud83d"}]}
    paragraph = {"context": "글\ud83d", "title": "\ud83d", "qas": [question]}
    path = lines(tmp_path / "s.json", {"data": [{"title": "제목\ud83d", "paragraphs": [paragraph]}]})
    for share in (0.0, 1.0):
        report = import_source("squad", tmp_path / f"out{share}", files=[path], tune_share=share)
        assert {name for name in report.counted if HALF in name} == {
            f"field '{name}' of s.json: {HALF}"
            for name in ("context", "title", "title of the article", "question")
        }


def test_half_characters_of_a_beir_set_and_of_tables(tmp_path: Path) -> None:
    beir = tmp_path / "b"
    lines(beir / "corpus.jsonl", {"_id": "d", "text": "글\ud83d", "title": "\ud83d"})
    lines(beir / "queries.jsonl", {"_id": "q", "text": "뭐\ud83d"})
    report = import_source("beir", tmp_path / "o1", folder=beir)
    assert sum(report.counted.values()) == 3
    raw = "id,content\n1,글".encode() + b"\xed\xa0\xbd" + "끝\n2,둘\n".encode()  # as CESU-8 has half of one
    for suffix in ("csv", "txt"):
        (tmp_path / f"t.{suffix}").write_bytes(raw)
        report = import_source("table", tmp_path / suffix, file=tmp_path / f"t.{suffix}")
        assert report.counted[f"field 'content' of t.{suffix}: {HALF}"] == 1
        contents = [row.content for row in read_rows(tmp_path / suffix / "corpus.jsonl", Document)]
        assert any("글\ufffd끝" in content for content in contents)


def test_two_halves_that_belong_together_are_one_character(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"id,content\n1,\xed\xa0\xbd\xed\xb8\x80\n")
    report = import_source("table", tmp_path / "out", file=tmp_path / "t.csv")
    assert [row.content for row in read_rows(tmp_path / "out" / "corpus.jsonl", Document)] == ["😀"]
    assert not any(HALF in name for name in report.counted)


@pytest.mark.parametrize("identifier", ["d\ud83d", "\udc00", "a\0b"])
def test_ids_of_half_characters_are_refused_with_their_place(tmp_path: Path, identifier: str) -> None:
    with pytest.raises(InputProblems, match=r"d\.jsonl:1: field 'docid': the id '.*' holds (half|NUL) char"):
        competition(tmp_path, {"docid": identifier})
    with pytest.raises(
        InputProblems, match=r"q\.jsonl:1: field 'eval_id': the id '.*' holds (half|NUL) char"
    ):
        competition(tmp_path, {}, {"eval_id": identifier, "msg": [{"role": "user", "content": "뭐?"}]})
    question = {"id": identifier, "question": "뭐?"}
    for share in (0.0, 1.0):
        data = {"data": [{"paragraphs": [{"context": "글", "qas": [question]}]}]}
        path = lines(tmp_path / "s.json", data)
        with pytest.raises(InputProblems, match=r"qas\[0\]: question id: the id '.*' holds (half|NUL) char"):
            import_source("squad", tmp_path / "out", files=[path], tune_share=share)
    qrels = tmp_path / "qrels.tsv"
    qrels.write_bytes(f"q\t0\t{identifier}\t1\n".encode("utf-8", "surrogatepass"))
    with pytest.raises(InputProblems, match=r"qrels\.tsv:1: "):
        import_source("competition", tmp_path / "out", documents=tmp_path / "d.jsonl", qrels=qrels)


def test_an_escaped_nul_is_removed_and_counted(tmp_path: Path) -> None:
    report = competition(tmp_path, {"content": "가\0나"})
    assert report.counted == {"field 'content' of d.jsonl: NUL characters, removed": 1}
    assert read_rows(tmp_path / "out" / "corpus.jsonl", Document)[0].content == "가나"


@pytest.mark.parametrize(
    "blank", ["\u3164", "\u115f\u1160", "\u200b\u200d\ufeff", "\u2800 \ufe0f\n", "\U000e0020"]
)
def test_what_nobody_sees_is_empty(tmp_path: Path, blank: str) -> None:
    with pytest.raises(InputProblems, match="field 'content' is empty, or nothing of it can be seen"):
        competition(tmp_path, {"content": blank})
    with pytest.raises(InputProblems, match="the last turn should be the user's and not empty"):
        competition(tmp_path, {}, {"eval_id": 1, "msg": [{"role": "user", "content": blank}]})
    competition(tmp_path, {"content": f"가{blank}", "title": blank})
    assert assemble(clean(read_source(tmp_path / "out"))).documents[0].title is None


NAME = "제1조 약관.pdf"
FORMS = [unicodedata.normalize("NFD", NAME), NAME + "\u200b", "\ufeff" + NAME, NAME.replace("제", "제\u0007")]


@pytest.mark.parametrize("form", FORMS)
def test_ids_that_look_the_same_are_named_as_such(tmp_path: Path, form: str) -> None:
    documents = lines(
        tmp_path / "d.jsonl", {"docid": NAME, "content": "글"}, {"docid": form, "content": "글"}
    )
    with pytest.raises(InputProblems) as caught:
        import_source("competition", tmp_path / "out", documents=documents)
    [problem] = caught.value.problems
    assert problem.line == 2
    assert "looks the same as one at d.jsonl:1: it differs from" in problem.message
    reason = "Unicode normal form" if form == FORMS[0] else "characters that cannot be seen"
    assert f"in {reason} alone" in problem.message
    assert "\u0007" not in str(caught.value)
    assert "\ufeff" not in str(caught.value)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("drop_dangling", [False, True])
def test_a_judgement_of_an_id_in_another_form_says_so(tmp_path: Path, form: str, drop_dangling: bool) -> None:
    documents = lines(tmp_path / "d.jsonl", {"docid": NAME, "content": "글"})
    queries = lines(tmp_path / "q.jsonl", {"eval_id": 1, "msg": [{"role": "user", "content": "뭐?"}]})
    qrels = tmp_path / "qrels.tsv"
    qrels.write_text(f"1\t0\t{form}\t1\n1\t0\tgone\t1\n", encoding="utf-16")
    inputs = {"documents": documents, "queries": queries, "qrels": qrels, "drop_dangling": drop_dangling}
    with pytest.raises(InputProblems) as caught:
        import_source("competition", tmp_path / "out", **inputs)
    assert "judgement of an unknown document" in caught.value.problems[0].message
    assert "it differs from" in caught.value.problems[0].message
    assert len(caught.value.problems) == (1 if drop_dangling else 2)


def test_ids_that_differ_in_case_stay_apart(tmp_path: Path) -> None:
    rows = [{"docid": name, "content": "글"} for name in ("Doc1", "doc1", "doc 1", "doc  1")]
    report = import_source("competition", tmp_path / "out", documents=lines(tmp_path / "d.jsonl", *rows))
    assert report.counts["documents"] == 4


def test_ids_with_spaces_and_percent_signs_go_through_import_and_prepare(tmp_path: Path) -> None:
    names = ["제1조 약관 (개정).pdf", "100%.hwp", "a%20b", "a\tb", "탭\u3000끝 "]
    documents = lines(tmp_path / "d.jsonl", *({"docid": name, "content": "글"} for name in names))
    queries = lines(tmp_path / "q.jsonl", {"eval_id": "질문 1", "msg": [{"role": "user", "content": "뭐?"}]})
    qrels = tmp_path / "qrels.tsv"
    given = [names[0], names[1], names[2], "a%09b", "탭%E3%80%80끝%20"]  # what a tab-separated file can hold
    qrels.write_text("".join(f"질문 1\t0\t{name}\t1\n" for name in given), encoding="utf-8")
    out = tmp_path / "out"
    import_source("competition", out, documents=documents, queries=queries, qrels=qrels)
    expected = {"질문 1": dict.fromkeys(names, 1)}
    assert read_qrels(out / "qrels.tsv") == expected
    source = assemble(clean(read_source(out)))
    assert source.qrels == expected
    assert {row.docid for row in source.documents} == set(names)
    again = import_source(
        "competition", tmp_path / "again", documents=documents, queries=queries, qrels=out / "qrels.tsv"
    )
    assert again.counts["judgements"] == 5
    for name in ("corpus.jsonl", "qrels.tsv", "queries.jsonl"):
        assert (tmp_path / "again" / name).read_bytes() == (out / name).read_bytes()


def test_a_percent_sign_of_the_persons_own_is_no_escape(tmp_path: Path) -> None:
    documents = lines(tmp_path / "d.jsonl", *({"docid": name, "content": "글"} for name in ("a%20b", "a b")))
    queries = lines(tmp_path / "q.jsonl", {"eval_id": 1, "msg": [{"role": "user", "content": "뭐?"}]})
    (tmp_path / "qrels.tsv").write_text("1\t0\ta%20b\t1\n1\t0\ta b\t0\n", encoding="utf-8")
    import_source(
        "competition", tmp_path / "out", documents=documents, queries=queries, qrels=tmp_path / "qrels.tsv"
    )
    assert assemble(read_source(tmp_path / "out")).qrels == {"1": {"a%20b": 1, "a b": 0}}


def test_a_query_whose_judgements_are_all_zero_is_counted(tmp_path: Path) -> None:
    documents = lines(tmp_path / "d.jsonl", {"docid": "d", "content": "글"})
    turns = [{"role": "user", "content": "뭐?"}]
    queries = lines(tmp_path / "q.jsonl", *({"eval_id": qid, "msg": turns} for qid in (1, 2)))
    (tmp_path / "qrels.tsv").write_text("1\t0\td\t0\n2\t0\td\t1\n", encoding="utf-8")
    report = import_source(
        "competition", tmp_path / "out", documents=documents, queries=queries, qrels=tmp_path / "qrels.tsv"
    )
    assert report.counted == {"queries whose judgements are all of grade 0, without a relevant document": 1}


def test_no_control_character_reaches_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    monkeypatch.chdir(tmp_path)
    evil = "\x1b[2J\u202e\ud83d"
    lines(tmp_path / "d.jsonl", {"docid": "1", "content": "글", f"x{evil}": 1})
    result = CliRunner().invoke(import_app, ["competition", "--documents", "d.jsonl", "--out", "o1"])
    assert result.exit_code == 0, result.output
    assert "\\u001b[2J\\u202e\\ud83d" in result.output
    lines(
        tmp_path / "d.jsonl", {"docid": "1", "content": "글", "title": 3}, {"docid": f"{evil}", "content": 2}
    )
    (tmp_path / "d\x1b[2J.jsonl").write_bytes((tmp_path / "d.jsonl").read_bytes())
    failed = CliRunner().invoke(import_app, ["competition", "--documents", "d\x1b[2J.jsonl", "--out", "o2"])
    assert failed.exit_code == 1
    assert "d\\u001b[2J.jsonl:1" in failed.output
    assert not any(char in result.output + failed.output for char in "\x1b\u202e\ud83d")
