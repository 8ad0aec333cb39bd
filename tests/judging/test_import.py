"""Judgements become part of a source folder: dev grades move fits, test grades the test qrels alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from sunwi.corpus.importing import import_source
from sunwi.corpus.prepare import prepare
from sunwi.corpus.source import Source, write_source
from sunwi.errors import DataError, InputProblems
from sunwi.judging.records import JudgementLine, append_line
from sunwi.params.corpus import CorpusParams
from sunwi.records.corpus import Document, Message, Query
from sunwi.records.judged import JUDGED_FILE, judged_queries
from sunwi.trec import read_qrels


def query(qid: str) -> Query:
    return Query(eval_id=qid, messages=[Message(role="user", content=f"질의 {qid}")])


@pytest.fixture
def source(tmp_path: Path) -> Path:
    documents = [Document(docid=docid, content=f"문단 {docid}") for docid in "abc"]
    given = Source(
        documents,
        [query("t1")],
        {"t1": {"a": 1}},
        [query("d1"), query("d2")],
        {"d1": {"a": 1}, "d2": {"b": 1}},
        [],
    )
    write_source(given, tmp_path / "raw")
    return tmp_path / "raw"


def judge(
    folder: Path, split: str, qid: str, docid: str, kind: str = "grade", grade: int | None = None
) -> None:
    values = {"judge": "a", "split": split, "qid": qid, "docid": docid, "kind": kind, "grade": grade}
    append_line(
        folder, JudgementLine.model_validate({**values, "at": "2026-01-01T00:00:00", "query": "새 질의"})
    )


def test_grades_go_where_their_query_is(tmp_path: Path, source: Path) -> None:
    judged, out = tmp_path / "judgements", tmp_path / "judged"
    before = {path.name: path.read_bytes() for path in source.iterdir()}
    judge(judged, "dev", "d1", "a", grade=0)
    judge(judged, "dev", "d1", "c", grade=3)
    judge(judged, "dev", "d2", "", "chitchat")
    judge(judged, "new", "judged-1", "b", grade=2)
    report = import_source("judgements", out, source=source, judgements=judged)
    assert read_qrels(out / "dev_qrels.tsv") == {"d1": {"a": 0, "c": 3}, "judged-1": {"b": 2}}
    assert report.counted["dev grades of the source that judged ones replace"] == 2
    assert '"judged-1"' in (out / "dev_queries.jsonl").read_text(encoding="utf-8")
    assert {path.name: path.read_bytes() for path in source.iterdir()} == before
    assert (out / "qrels.tsv").read_bytes() == before["qrels.tsv"]


def test_what_people_judged_is_noted_for_the_chitchat_threshold(tmp_path: Path, source: Path) -> None:
    judged, out = tmp_path / "judgements", tmp_path / "judged"
    judge(judged, "dev", "d1", "a", grade=0)
    judge(judged, "dev", "d2", "", "chitchat")
    judge(judged, "new", "judged-1", "b", grade=2)
    judge(judged, "test", "t1", "", "chitchat")
    report = import_source("judgements", out, source=source, judgements=judged)
    assert report.counted["dev queries that people called chit-chat"] == 1
    assert {row.qid: row.chitchat for row in judged_queries(out)} == {
        "d1": False, "d2": True, "judged-1": False,
    }  # fmt: skip
    judge(judged, "dev", "d2", "", "undo")
    judge(judged, "dev", "d2", "a", grade=1)
    import_source("judgements", tmp_path / "again", source=out, judgements=judged)
    assert not any(row.chitchat for row in judged_queries(tmp_path / "again"))
    assert len(judged_queries(tmp_path / "again")) == 3


def test_a_judged_query_must_be_a_dev_query(tmp_path: Path, source: Path) -> None:
    (source / JUDGED_FILE).write_text('{"eval_id": "t1", "chitchat": true}\n', encoding="utf-8")
    with pytest.raises(InputProblems, match=r"judged query 't1' is not in dev_queries\.jsonl"):
        prepare(source, CorpusParams())


def test_grades_of_test_queries_change_no_file_that_a_fit_reads(tmp_path: Path, source: Path) -> None:
    judged, out = tmp_path / "judgements", tmp_path / "judged"
    judge(judged, "test", "t1", "c", grade=3)
    import_source("judgements", out, source=source, judgements=judged)
    assert not (out / JUDGED_FILE).exists()
    assert read_qrels(out / "qrels.tsv") == {"t1": {"a": 1, "c": 3}}
    for name in ("corpus.jsonl", "dev_qrels.tsv", "dev_queries.jsonl", "questions.jsonl", "queries.jsonl"):
        assert (out / name).read_bytes() == (source / name).read_bytes(), name


def test_nothing_judged_points_to_the_desk(tmp_path: Path, source: Path) -> None:
    with pytest.raises(DataError, match="sunwi judge pool"):
        import_source("judgements", tmp_path / "judged", source=source, judgements=tmp_path / "none")
