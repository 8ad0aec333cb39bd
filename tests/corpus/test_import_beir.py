import gzip
import json
from pathlib import Path

import pytest

from sunwi.corpus.importing import import_source
from sunwi.corpus.rows import GivenQuestion
from sunwi.errors import DataError, InputProblems
from sunwi.records.corpus import Document, Query
from sunwi.records.files import read_rows
from sunwi.trec import read_qrels

HEADER = "query-id\tcorpus-id\tscore\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "beir"
    (folder / "qrels").mkdir(parents=True)
    corpus = [
        {"_id": "a", "title": "", "text": "첫 문서", "metadata": {}},
        {"_id": "b", "title": "둘째", "text": "둘째 문서"},
        {"_id": "c", "title": "제목뿐", "text": ""},
    ]
    queries = [{"_id": name, "text": f"질문 {name}"} for name in ("q1", "q2", "q3", "q4")]
    for name, rows in (("corpus", corpus), ("queries", queries)):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return folder


def test_test_dev_and_train_go_their_ways(folder: Path, tmp_path: Path) -> None:
    (folder / "qrels" / "test.tsv").write_text(HEADER + "q1\ta\t1\nq1\tb\t-1\n", encoding="utf-8")
    (folder / "qrels" / "dev.tsv").write_text(HEADER + "q2\tb\t1.0\n", encoding="utf-8")
    (folder / "qrels" / "train.tsv").write_text(HEADER + "q3\tc\t1\nq3\ta\t0\nq1\tb\t1\n", encoding="utf-8")
    report = import_source("beir", tmp_path / "out", folder=folder)
    out = tmp_path / "out"
    assert [row.qid for row in read_rows(out / "queries.jsonl", Query)] == ["q1"]
    assert read_qrels(out / "qrels.tsv") == {"q1": {"a": 1, "b": 0}}
    assert [row.qid for row in read_rows(out / "dev_queries.jsonl", Query)] == ["q2"]
    assert read_qrels(out / "dev_qrels.tsv") == {"q2": {"b": 1}}
    given = GivenQuestion(docid="c", question="질문 q3", source="train")
    assert read_rows(out / "questions.jsonl", GivenQuestion) == [given]
    documents = [(row.title, row.content) for row in read_rows(out / "corpus.jsonl", Document)]
    assert documents == [(None, "첫 문서"), ("둘째", "둘째 문서"), (None, "제목뿐")]
    assert report.counted == {
        "documents without text, their title is the content": 1,
        "field 'metadata' of corpus.jsonl is not used": 1,
        "grade below 0 in test.tsv, read as 0": 1,
        "queries without a judgement in any split, left out": 1,
        "train judgements of grade 0, left out": 1,
        "train judgements of test or dev queries, left out": 1,
    }


def test_without_qrels_every_query_is_one_to_answer(folder: Path, tmp_path: Path) -> None:
    report = import_source("beir", tmp_path / "out", folder=folder)
    assert (report.counts["queries"], report.counts["judgements"]) == (4, 0)


def test_unknown_ids_of_every_split_are_faults(folder: Path, tmp_path: Path) -> None:
    (folder / "qrels" / "test.tsv").write_text(HEADER + "q9\ta\t1\n", encoding="utf-8")
    (folder / "qrels" / "dev.tsv").write_text(HEADER + "q2\tz\t1\n\t\t1\n", encoding="utf-8")
    (folder / "qrels" / "train.tsv").write_text(HEADER + "q8\ta\t1\nq3\ty\t1\n", encoding="utf-8")
    with pytest.raises(InputProblems) as caught:
        import_source("beir", tmp_path / "out", folder=folder)
    places = [(Path(problem.path).name, problem.line) for problem in caught.value.problems]
    assert sorted(places) == [
        ("dev.tsv", 2),
        ("dev.tsv", 3),
        ("test.tsv", 2),
        ("train.tsv", 2),
        ("train.tsv", 3),
    ]


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputProblems) as caught:
        import_source("beir", tmp_path / "out", folder=tmp_path / "none")
    assert [Path(problem.path).name for problem in caught.value.problems] == ["corpus.jsonl", "queries.jsonl"]


@pytest.mark.parametrize(
    ("files", "judgements"),
    [
        (["qrels/Test.tsv", "qrels/validation.tsv", "qrels/training.tsv"], (1, 1, 1)),
        (["qrels/test.TXT", "qrels/valid.tsv"], (1, 1, 0)),
        (["qrels.tsv"], (1, 0, 0)),
        (["qrels.test.tsv", "qrels_dev.tsv", "train-qrels.txt"], (1, 1, 1)),
        (["test.tsv", "val.tsv", "train.tsv", "README.md"], (1, 1, 1)),
    ],
)
def test_judgements_under_usual_names(
    folder: Path, tmp_path: Path, files: list[str], judgements: tuple[int, int, int]
) -> None:
    for number, name in enumerate(files, start=1):
        (folder / name).write_text(f"{HEADER}q{number}\ta\t1\n", encoding="utf-8")
    counts = import_source("beir", tmp_path / "out", folder=folder).counts
    names = ("judgements", "dev judgements", "given questions")
    assert tuple(counts[name] for name in names) == judgements


@pytest.mark.parametrize("name", ["qrels/hard.tsv", "qrels/test.jsonl", "qrels/test.parquet", "qrels.jsonl"])
def test_judgements_that_would_not_be_read_are_faults(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / "qrels" / "dev.tsv").write_text(HEADER + "q2\tb\t1\n", encoding="utf-8")
    (folder / name).write_text(HEADER + "q1\ta\t1\n", encoding="utf-8")
    with pytest.raises(InputProblems) as caught:
        import_source("beir", tmp_path / "out", folder=folder)
    [problem] = caught.value.problems
    assert problem.path == folder / name
    assert "rename or remove the file" in problem.message


def test_two_files_of_a_split_are_a_fault(folder: Path, tmp_path: Path) -> None:
    for name in ("dev", "validation"):
        (folder / "qrels" / f"{name}.tsv").write_text(HEADER + "q1\ta\t1\n", encoding="utf-8")
    with pytest.raises(InputProblems, match=r"validation\.tsv: the dev split's judgements are in dev\.tsv"):
        import_source("beir", tmp_path / "out", folder=folder)


def test_dangling_judgements_are_left_out_and_counted_where_asked_for(folder: Path, tmp_path: Path) -> None:
    rows = "q1\ta\t1\nq1\tgone\t1\nq9\ta\t1\nq8\tgone\t1\nq4\tgone\t1\n"
    (folder / "qrels" / "test.tsv").write_text(HEADER + rows, encoding="utf-8")
    (folder / "qrels" / "train.tsv").write_text(HEADER + "q7\ta\t1\nq3\tgone\t1\n", encoding="utf-8")
    with pytest.raises(InputProblems, match="--drop-dangling") as caught:
        import_source("beir", tmp_path / "out", folder=folder)
    assert len(caught.value.problems) == 7
    assert all(problem.message.startswith("judgement of an unknown") for problem in caught.value.problems)
    report = import_source("beir", tmp_path / "out", folder=folder, drop_dangling=True)
    assert read_qrels(tmp_path / "out" / "qrels.tsv") == {"q1": {"a": 1}}
    assert [row.qid for row in read_rows(tmp_path / "out" / "queries.jsonl", Query)] == ["q1"]
    assert {name: count for name, count in report.counted.items() if "left out" in name} == {
        "judgements in test.tsv of an unknown document, left out": 2,
        "judgements in test.tsv of an unknown query, left out": 1,
        "judgements in test.tsv of an unknown query and document, left out": 1,
        "judgements in train.tsv of an unknown document, left out": 1,
        "judgements in train.tsv of an unknown query, left out": 1,
        "queries without a judgement in any split, left out": 3,
    }


def test_a_query_in_two_splits_is_one_fault_that_says_so(folder: Path, tmp_path: Path) -> None:
    (folder / "qrels" / "test.tsv").write_text(HEADER + "q1\ta\t1\nq1\tb\t1\n", encoding="utf-8")
    rows = "q2\tb\t1\nq1\tb\t1\nq1\tc\t1\n"
    (folder / "qrels" / "dev.tsv").write_text(HEADER + rows, encoding="utf-8")
    with pytest.raises(InputProblems) as caught:
        import_source("beir", tmp_path / "out", folder=folder)
    [problem] = caught.value.problems
    assert (Path(problem.path).name, problem.line) == ("dev.tsv", 3)
    assert "query 'q1' is in two splits: it is judged at test.tsv:2 too" in problem.message


def test_a_set_as_published_is_packed(folder: Path, tmp_path: Path) -> None:
    (folder / "qrels" / "test.tsv.gz").write_bytes(gzip.compress((HEADER + "q1\ta\t1\n").encode()))
    for name in ("corpus.jsonl", "queries.jsonl"):
        (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
        (folder / name).unlink()
    report = import_source("beir", tmp_path / "out", folder=folder)
    assert (report.counts["documents"], report.counts["queries"], report.counts["judgements"]) == (3, 1, 1)


def test_drop_dangling_without_judgements_is_an_error(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--drop-dangling has no effect"):
        import_source("beir", tmp_path / "out", folder=folder, drop_dangling=True)
    with pytest.raises(DataError, match="--drop-dangling has no effect"):
        import_source("competition", tmp_path / "out", documents=folder / "corpus.jsonl", drop_dangling=True)
