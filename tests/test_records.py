"""Contracts: all faults at once with file and line, order, round trips, canonical bytes."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sunwi.errors import InputProblems
from sunwi.records.corpus import Document, Message, Query
from sunwi.records.files import read_json, read_rows, write_json, write_rising, write_rows
from sunwi.records.mined import Candidate, CandidateList, MinedRow
from sunwi.records.submissions import SubmissionRow
from sunwi.trec import ranked, read_qrels, read_run, write_qrels, write_run


def problems_of(error: pytest.ExceptionInfo[InputProblems]) -> dict[int | None, str]:
    return {problem.line: problem.message for problem in error.value.problems}


def test_every_fault_of_a_file_is_reported_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    lines = [
        b'{"docid": "a", "content": "x"}',
        b'{"docid": "b"}',
        b'{"docid": "c", "content": "x", "contnet": "y"}',
        b"{not json}",
        b'{"docid": "d", "content": ""}',
        b"",
        b'{"docid": "e", "content": "\xff\xfe"}',
        b'{"docid": "a", "content": "x"}',
        b'{"docid": "Z", "content": "x"}',
        b'{"docid": 7, "content": "x"}',
    ]
    path.write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(InputProblems, match=r"nothing was written") as error:
        read_rows(path, Document)
    found = problems_of(error)
    assert sorted(number for number in found if number) == [2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert found[2] == "field 'content' is missing"
    assert found[3] == "field 'contnet' is not known here"
    assert "Invalid JSON" in found[4]
    assert "invalid unicode" in found[7]
    assert "repeats the id 'a'" in found[8]
    assert "out of order at the id 'Z'" in found[9]
    assert "found 7" in found[10]
    assert f"{path}:10: " in str(error.value)


def test_a_missing_file_names_the_stage_as_next_step(tmp_path: Path) -> None:
    for read in (lambda path: read_rows(path, Document), read_qrels, read_run):
        with pytest.raises(InputProblems, match="does not exist") as error:
            read(tmp_path / "absent")
        assert "dvc repro" in str(error.value)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_have_are_refused(tmp_path: Path, number: str) -> None:
    path = tmp_path / "pairs.jsonl"
    fields = f'"query": "x", "split": "dev", "style": "s", "overlap": {number}, "candidates": []'
    path.write_text(f'{{"qid": "q", {fields}}}\n', encoding="utf-8")
    with pytest.raises(InputProblems, match="overlap"):
        read_rows(path, CandidateList)


def test_written_rows_are_sorted_and_canonical(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "corpus.jsonl"
    rows = [Document(docid="나", content="둘"), Document(docid="가", content="하\n나", title="제목")]
    assert write_rows(path, rows) == 2
    assert path.read_bytes().decode("utf-8") == (
        '{"docid": "가", "content": "하\\n나", "title": "제목"}\n{"docid": "나", "content": "둘"}\n'
    )
    first = path.read_bytes()
    write_rows(path, reversed(rows))
    assert path.read_bytes() == first
    assert [entry.name for entry in path.parent.iterdir()] == ["corpus.jsonl"]  # no temporary file is left


def test_rows_with_one_id_are_refused_and_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    write_rows(path, [Document(docid="a", content="old")])
    with pytest.raises(InputProblems, match="two rows have the id 'a'"):
        write_rows(path, [Document(docid="a", content="x"), Document(docid="a", content="y")])
    assert read_rows(path, Document)[0].content == "old"


def test_rows_that_come_sorted_are_written_as_they_come(tmp_path: Path) -> None:
    rows = [Document(docid=docid, content="글") for docid in ("a", "b", "c")]
    streamed, whole = tmp_path / "streamed.jsonl", tmp_path / "whole.jsonl"
    assert write_rising(streamed, iter(rows)) == write_rows(whole, rows) == 3
    assert streamed.read_bytes() == whole.read_bytes()
    assert write_rising(tmp_path / "empty.jsonl", []) == 0
    for wrong in ([rows[1], rows[0]], [rows[0], rows[0]]):
        with pytest.raises(InputProblems, match="ids must rise from row to row"):
            write_rising(streamed, wrong)
    assert streamed.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "empty.jsonl",
        "streamed.jsonl",
        "whole.jsonl",
    ]


def test_integer_ids_come_before_text_ids_and_in_order_of_number(tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    messages = [Message(role="user", content="?")]
    write_rows(path, [Query(eval_id=name, messages=messages) for name in (10, "b", 9, "10")])
    rows = read_rows(path, Query)
    assert [row.eval_id for row in rows] == [9, 10, "10", "b"]
    assert [row.qid for row in rows] == ["9", "10", "10", "b"]


TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
SCORE = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=50)
@given(
    st.lists(
        st.builds(
            CandidateList,
            qid=TEXT,
            query=TEXT,
            split=st.sampled_from(["train", "dev", "test"]),
            style=TEXT,
            overlap=SCORE,
            positive_rank=st.none() | st.integers(1, 100),
            candidates=st.lists(
                st.builds(
                    Candidate,
                    docid=TEXT,
                    score=SCORE,
                    label=st.integers(0, 1),
                    components=st.dictionaries(TEXT, SCORE, max_size=2),
                ),
                max_size=3,
            ),
        ),
        unique_by=lambda row: row.qid,
        max_size=5,
    )
)
def test_rows_round_trip(tmp_path_factory: pytest.TempPathFactory, rows: list[CandidateList]) -> None:
    path = tmp_path_factory.mktemp("rows") / "pairs.jsonl"
    write_rows(path, rows)
    assert read_rows(path, CandidateList) == sorted(rows, key=CandidateList.sort_key)


def test_an_unknown_rank_in_a_provenance_survives(tmp_path: Path) -> None:
    row = MinedRow(
        qid="q", query="x", pos=["p"], neg=["n"], pos_ids=["1"], neg_ids=["2"],
        pos_scores=[1.0], neg_scores=[0.5], provenance=[{"docid": "2", "bm25_rank": None, "dense_rank": 3}],
    )  # fmt: skip
    write_rows(tmp_path / "train.jsonl", [row])
    assert read_rows(tmp_path / "train.jsonl", MinedRow) == [row]


def test_trec_and_beir_qrels_read_alike(tmp_path: Path) -> None:
    trec, beir = tmp_path / "trec.tsv", tmp_path / "beir.tsv"
    trec.write_bytes(b"1\t0\td2\t1\r\n1\t0\td1\t0\r\n\r\n2 0 d9 3\n")
    beir.write_text("\ufeffquery-id\tcorpus-id\tscore\n1\td2\t1\n1\td1\t0\n2\td9\t3\n", encoding="utf-8")
    expected = {"1": {"d2": 1, "d1": 0}, "2": {"d9": 3}}
    assert read_qrels(trec) == expected
    assert read_qrels(beir) == expected
    write_qrels(tmp_path / "again.tsv", expected)
    assert (tmp_path / "again.tsv").read_text() == "1\t0\td1\t0\n1\t0\td2\t1\n2\t0\td9\t3\n"


def test_faults_of_qrels_are_reported_together(tmp_path: Path) -> None:
    path = tmp_path / "qrels.tsv"
    path.write_bytes(
        b"1\t0\td1\t1\n1\t0\td1\t1\n1\t0\td2\t-1\n1\t0\td3\tx\n1\t0\n\t0\td4\t1\n1\t0\t\t1\n1\t0\t\xff\t1\n"
    )
    with pytest.raises(InputProblems) as error:
        read_qrels(path)
    found = problems_of(error)
    assert list(found) == [2, 3, 4, 5, 6, 7, 8]
    assert "judged twice" in found[2]
    assert "'-1'" in found[3]
    assert "2 columns" in found[5]
    assert "empty column" in found[6]  # not shifted to query '0'
    assert "no UTF-8" in found[8]


def test_runs_round_trip_in_rank_order(tmp_path: Path) -> None:
    path = tmp_path / "x.run"
    run = {"q2": {'"d': 0.1, "b": 0.30000000000000004}, "q1": {"b": 1.0, "a": 1.0}, "empty": {}}
    write_run(path, run, "tag")
    assert path.read_text().splitlines()[:2] == ["q1 Q0 a 1 1.0 tag", "q1 Q0 b 2 1.0 tag"]
    assert read_run(path) == {"q1": run["q1"], "q2": run["q2"]}


def test_faults_of_runs(tmp_path: Path) -> None:
    path = tmp_path / "x.run"
    path.write_text("q Q0 d 1 0.5 t\nq Q0 d 2 0.4 t\nq Q0 e 3 nan t\nq Q0 f 4\n", encoding="utf-8")
    with pytest.raises(InputProblems) as error:
        read_run(path)
    assert list(problems_of(error)) == [2, 3, 4]


# Ids of every character but halves, white space, controls and the escape's own sign above all.
LETTERS = st.one_of(st.sampled_from(" %\t\n\r\u3000\x1c\x85\u2028\ufeff2"), st.characters(codec="utf-8"))
IDS = st.text(LETTERS, min_size=1)


@given(st.dictionaries(IDS, st.dictionaries(IDS, st.integers(0, 9), min_size=1, max_size=3), max_size=3))
@example({"qid": {"100%25.pdf": 1, "제1조 약관.hwp": 0, "\ufeffa": 2}, "\ufeff": {" ": 1}})
@settings(max_examples=300, deadline=None)
def test_any_id_survives_qrels_and_runs_and_is_one_column(qrels: dict[str, dict[str, int]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ids.txt"
        write_qrels(path, qrels)
        assert read_qrels(path) == qrels
        assert all(len(line.split()) == 4 for line in path.read_text("utf-8").split("\n")[:-1])
        run = {qid: {docid: float(grade) for docid, grade in grades.items()} for qid, grades in qrels.items()}
        write_run(path, run, "tag")
        assert read_run(path) == run
        assert all(len(line.split()) == 6 for line in path.read_text("utf-8").split("\n")[:-1])


@given(
    st.binary(max_size=200)
    | st.lists(st.sampled_from([b"q", b"\t", b" ", b"\n", b"1", b"1e999", b"\xff", b"\xed\xa0\x80"])).map(
        b"".join
    )
)
@settings(max_examples=300, deadline=None)
def test_hostile_bytes_raise_nothing_but_problems(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.jsonl"
        path.write_bytes(data)
        for read in (read_qrels, read_run, read_json, lambda path: read_rows(path, Query)):
            with suppress(InputProblems):
                read(path)


def test_a_damaged_json_document_is_named(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    for text in ('{"a": 1', '{"a": 1, "a": 2}', "1" * 5000, "[" * 100_000, "\udcff"):
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        with pytest.raises(InputProblems, match=r"m\.json: expected (JSON|UTF-8)"):
            read_json(path)
    with pytest.raises(InputProblems, match="does not exist"):
        read_json(tmp_path / "none.json")


@pytest.mark.parametrize("value", [True, 1.0, None])
def test_an_eval_id_is_text_or_a_whole_number(value: object, tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(json.dumps({"eval_id": value, "messages": [{"role": "user", "content": "뭐?"}]}) + "\n")
    with pytest.raises(InputProblems, match="field 'eval_id"):
        read_rows(path, Query)


def test_ranked_breaks_ties_by_docid() -> None:
    assert ranked({"b": 1.0, "a": 1.0, "c": 2.0}) == [("c", 2.0), ("a", 1.0), ("b", 1.0)]


def test_json_documents_are_sorted_and_finite(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    write_json(path, {"b": 1, "a": "한글"})
    assert path.read_text(encoding="utf-8") == '{\n  "a": "한글",\n  "b": 1\n}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"a": float("nan")})
    assert json.loads(path.read_text(encoding="utf-8"))["b"] == 1


def test_a_submission_keeps_an_empty_topk(tmp_path: Path) -> None:
    write_rows(tmp_path / "s.jsonl", [SubmissionRow(eval_id=3, standalone_query="", topk=[])])
    assert '"topk": []' in (tmp_path / "s.jsonl").read_text()
