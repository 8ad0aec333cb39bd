import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from sunwi.corpus.importing import import_source
from sunwi.corpus.rows import GivenQuestion
from sunwi.errors import DataError, InputProblems
from sunwi.records.corpus import Document, Query
from sunwi.records.files import read_rows
from sunwi.trec import read_qrels

DOCUMENTS = [
    {"docid": "d2", "src": "물리", "content": "빛은 파동이다."},
    {"docid": "d1", "src": "생물", "content": "세포는 생물의 단위이다.", "title": "세포"},
]
DIALOGUES = [
    {"eval_id": 10, "msg": [{"role": "user", "content": "빛은 무엇이야?"}]},
    {
        "eval_id": 9,
        "msg": [
            {"role": "user", "content": "세포 알아?"},
            {"role": "assistant", "content": "네."},
            {"role": "user", "content": "더 알려줘"},
        ],
    },
]


def write(path: Path, rows: Iterable[Any], encoding: str = "utf-8") -> Path:
    text = "".join(
        f"{row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)}\n" for row in rows
    )
    path.write_bytes(text.encode(encoding))
    return path


def test_writes_a_sorted_source_folder(tmp_path: Path) -> None:
    questions = [{"docid": "d1", "question": "세포란?", "source": "a"}] * 3
    report = import_source(
        "competition",
        tmp_path / "out",
        documents=write(tmp_path / "d.jsonl", DOCUMENTS, "cp949"),
        queries=write(tmp_path / "e.jsonl", DIALOGUES, "utf-8-sig"),
        qrels=write(tmp_path / "q.tsv", ["10 0 d2 1", "9 0 d1 2"]),
        questions=write(tmp_path / "q.jsonl", questions),
    )
    assert report.counts == {
        "documents": 2,
        "queries": 2,
        "judgements": 2,
        "dev queries": 0,
        "dev judgements": 0,
        "given questions": 1,
    }
    assert report.counted == {"given questions that repeat exactly, kept once": 2}
    assert report.encodings["d.jsonl"] == "cp949"
    documents = read_rows(tmp_path / "out" / "corpus.jsonl", Document)
    assert [(row.docid, row.title, row.src) for row in documents] == [
        ("d1", "세포", "생물"),
        ("d2", None, "물리"),
    ]
    queries = read_rows(tmp_path / "out" / "queries.jsonl", Query)
    assert [(row.eval_id, len(row.messages)) for row in queries] == [(9, 3), (10, 1)]
    assert read_qrels(tmp_path / "out" / "qrels.tsv") == {"9": {"d1": 2}, "10": {"d2": 1}}
    assert read_rows(tmp_path / "out" / "questions.jsonl", GivenQuestion) == [
        GivenQuestion(docid="d1", question="세포란?", source="a")
    ]


def test_a_second_import_leaves_nothing_of_the_first(tmp_path: Path) -> None:
    documents = write(tmp_path / "d.jsonl", DOCUMENTS)
    dialogues = write(tmp_path / "e.jsonl", DIALOGUES)
    import_source("competition", tmp_path / "out", documents=documents, queries=dialogues)
    import_source("competition", tmp_path / "out", documents=documents)
    assert (tmp_path / "out" / "queries.jsonl").read_bytes() == b""


def test_dev_queries_with_their_judgements(tmp_path: Path) -> None:
    report = import_source(
        "competition",
        tmp_path / "out",
        documents=write(tmp_path / "d.jsonl", DOCUMENTS),
        queries=write(tmp_path / "e.jsonl", DIALOGUES[:1]),
        dev_queries=write(tmp_path / "dev.jsonl", DIALOGUES[1:]),
        dev_qrels=write(tmp_path / "dev.tsv", ["9 0 d1 1"]),
    )
    assert (report.counts["queries"], report.counts["dev queries"], report.counts["dev judgements"]) == (
        1,
        1,
        1,
    )


def test_all_faults_of_all_files_at_once_and_nothing_written(tmp_path: Path) -> None:
    documents = write(
        tmp_path / "d.jsonl",
        [
            DOCUMENTS[0],
            '{"docid": "d3", "content": ',
            {"docid": "d4", "src": "x"},
            {"docid": "d5", "content": ""},
            {"docid": "d2", "content": "다른 내용"},
            '["a list"]',
            {"docid": "d 6", "content": "   "},
        ],
    )
    queries = write(
        tmp_path / "e.jsonl",
        [
            {"eval_id": 1, "msg": [{"role": "assistant", "content": "네"}]},
            {"eval_id": 2, "msg": []},
            {"eval_id": 3, "msg": [{"role": "human", "content": "뭐야?"}]},
            {"eval_id": "1", "msg": [{"role": "user", "content": "왜?"}]},
        ],
    )
    qrels = write(
        tmp_path / "q.tsv", ["1 0 d2 1", "7 0 d2 1", "1 0 d9 1", "1 0 d2 2", "1 0 d2", "1 d2", "1 0 d2 ja"]
    )
    questions = write(tmp_path / "q.jsonl", [{"docid": "d8", "question": "무엇?", "source": "a"}])
    with pytest.raises(InputProblems) as caught:
        import_source(
            "competition",
            tmp_path / "out",
            documents=documents,
            queries=queries,
            qrels=qrels,
            questions=questions,
        )
    found = {(Path(problem.path).name, problem.line) for problem in caught.value.problems}
    assert found == {
        ("d.jsonl", 2),
        ("d.jsonl", 3),
        ("d.jsonl", 4),
        ("d.jsonl", 5),
        ("d.jsonl", 6),
        ("d.jsonl", 7),
        ("e.jsonl", 1),
        ("e.jsonl", 2),
        ("e.jsonl", 3),
        ("e.jsonl", 4),
        ("q.tsv", 2),
        ("q.tsv", 3),
        ("q.tsv", 4),
        ("q.tsv", 5),
        ("q.tsv", 6),
        ("q.tsv", 7),
        ("q.jsonl", 1),
    }
    message = str(caught.value)
    assert "docid 'd2' was given before, at d.jsonl:1" in message
    assert "field 'content' is missing" in message
    assert "field 'msg.0.role'" in message
    assert "query id '1' was given before, at e.jsonl:1" in message
    assert not (tmp_path / "out").exists()


def test_undecodable_bytes_are_faults_beside_the_others(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    good = json.dumps(DOCUMENTS[0], ensure_ascii=False).encode()
    path.write_bytes(good + b'\n{"docid": "d7", "content": "\xc7\xd1"}\n{"docid": "d8"}\n')
    with pytest.raises(InputProblems) as caught:
        import_source("competition", tmp_path / "out", documents=path)
    assert [problem.line for problem in caught.value.problems] == [2, 3]


def test_fields_that_are_not_used_are_counted_and_numbers_become_docids(tmp_path: Path) -> None:
    rows = [{"docid": 7, "content": "내용", "url": "a"}, {"docid": 8, "content": "다른 내용", "url": "b"}]
    report = import_source("competition", tmp_path / "out", documents=write(tmp_path / "d.jsonl", rows))
    assert report.counted == {"field 'url' of d.jsonl is not used": 2}
    assert [row.docid for row in read_rows(tmp_path / "out" / "corpus.jsonl", Document)] == ["7", "8"]


def test_a_query_of_dev_and_evaluation_is_refused(tmp_path: Path) -> None:
    dialogues = write(tmp_path / "e.jsonl", DIALOGUES)
    with pytest.raises(InputProblems, match="dev and evaluation must be apart"):
        import_source(
            "competition",
            tmp_path / "out",
            documents=write(tmp_path / "d.jsonl", DOCUMENTS),
            queries=dialogues,
            dev_queries=dialogues,
        )


def test_no_documents_and_unknown_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputProblems, match="expected documents, found none"):
        import_source("competition", tmp_path / "out", documents=write(tmp_path / "d.jsonl", []))
    with pytest.raises(DataError, match="unknown format 'parquet'"):
        import_source("parquet", tmp_path / "out")


def test_dangling_judgements_are_left_out_and_counted_where_asked_for(tmp_path: Path) -> None:
    inputs: dict[str, Any] = {
        "documents": write(tmp_path / "d.jsonl", DOCUMENTS),
        "queries": write(tmp_path / "e.jsonl", DIALOGUES[:1]),
        "dev_queries": write(tmp_path / "v.jsonl", DIALOGUES[1:]),
        "qrels": write(tmp_path / "q.tsv", ["10 0 d2 1", "10 0 gone 2", "9 0 d1 1"]),
        "dev_qrels": write(tmp_path / "v.tsv", ["9 0 d1 2", "7 0 gone 1"]),
    }
    with pytest.raises(InputProblems, match="--drop-dangling"):
        import_source("competition", tmp_path / "out", **inputs)
    report = import_source("competition", tmp_path / "out", drop_dangling=True, **inputs)
    assert read_qrels(tmp_path / "out" / "qrels.tsv") == {"10": {"d2": 1}}
    assert read_qrels(tmp_path / "out" / "dev_qrels.tsv") == {"9": {"d1": 2}}
    assert report.counted == {
        "judgements in q.tsv of an unknown document, left out": 1,
        "judgements in q.tsv of an unknown query, left out": 1,
        "judgements in v.tsv of an unknown query and document, left out": 1,
    }
