"""Evaluation sets in the layouts in which the Korean ones are published, made tiny."""

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as arrow
import pytest
from pyarrow import parquet

from sunwi.corpus.sets.reading import EvaluationSet, read_set
from sunwi.corpus.sets.sampling import sampled
from sunwi.errors import DataError, InputProblems

DOCUMENTS = [("d1", "", "지구는 태양을 돈다."), ("d2", "바다", "바닷물은 짜다."), ("d3", "산", "산은 높다.")]
QUERIES = [("q1", "지구는 무엇을 도나?"), ("q2", "바닷물은 왜 짠가?"), ("q3", "판정이 없는 질문")]
QRELS = [("q1", "d1", 1), ("q2", "d2", 2), ("q2", "d3", 0)]


def write_jsonl(path: Path, rows: list[dict[str, Any]], *, packed: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(data) if packed else data)


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(arrow.Table.from_pylist(rows), path)


def corpus_rows() -> list[dict[str, Any]]:
    return [{"_id": docid, "title": title, "text": text} for docid, title, text in DOCUMENTS]


def query_rows() -> list[dict[str, Any]]:
    return [{"_id": qid, "text": text} for qid, text in QUERIES]


def qrel_rows() -> list[dict[str, Any]]:
    return [{"query-id": qid, "corpus-id": docid, "score": float(grade)} for qid, docid, grade in QRELS]


def autorag(folder: Path) -> str:
    """Parquet, one folder a configuration, as the AutoRAG set has it."""
    write_parquet(folder / "corpus/corpus-00000-of-00001.parquet", corpus_rows())
    write_parquet(folder / "queries/queries-00000-of-00001.parquet", query_rows())
    write_parquet(folder / "data/test-00000-of-00001.parquet", qrel_rows())
    (folder / "README.md").write_text("# card", encoding="utf-8")
    return "test"


def strategyqa(folder: Path) -> str:
    """JSON lines with the judgements of dev as JSON lines too, as Ko-StrategyQA has it."""
    write_jsonl(folder / "corpus.jsonl", corpus_rows())
    write_jsonl(folder / "queries.jsonl", query_rows())
    write_jsonl(folder / "qrels/dev.jsonl", qrel_rows())
    return "dev"


def beir(folder: Path) -> str:
    """BEIR's own form, packed, with a table of judgements."""
    write_jsonl(folder / "corpus.jsonl.gz", corpus_rows(), packed=True)
    write_jsonl(folder / "queries.jsonl.gz", query_rows(), packed=True)
    (folder / "qrels").mkdir()
    lines = ["query-id\tcorpus-id\tscore", *(f"{qid}\t{docid}\t{grade}" for qid, docid, grade in QRELS)]
    (folder / "qrels/test.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "qrels/train.tsv").write_text("query-id\tcorpus-id\tscore\nq3\td3\t1\n", encoding="utf-8")
    return "test"


def mteb_miracl(folder: Path) -> str:
    """A folder a table and language, as MTEB has MIRACL; English lies beside Korean."""
    for language, rows in (("ko", corpus_rows()), ("en", [{"_id": "e1", "title": "", "text": "English"}])):
        write_parquet(folder / f"{language}-corpus/dev-00000-of-00001.parquet", rows)
        write_parquet(folder / f"{language}-queries/dev-00000-of-00001.parquet", query_rows())
        write_parquet(folder / f"{language}-qrels/dev-00000-of-00001.parquet", qrel_rows())
    return "dev"


def first_miracl(folder: Path) -> str:
    """MIRACL's first form: packed shards of the corpus, topics and TREC judgements without a header."""
    shards = [corpus_rows()[:2], corpus_rows()[2:]]
    for number, rows in enumerate(shards):
        own = [{"docid": row["_id"], "title": row["title"], "text": row["text"]} for row in rows]
        write_jsonl(folder / f"miracl-corpus-v1.0-ko/docs-{number}.jsonl.gz", own, packed=True)
    place = folder / "miracl-v1.0-ko"
    (place / "topics").mkdir(parents=True)
    (place / "qrels").mkdir()
    topics = "".join(f"{qid}\t{text}\n" for qid, text in QUERIES)
    (place / "topics/topics.miracl-v1.0-ko-dev.tsv").write_text(topics, encoding="utf-8")
    (place / "topics/topics.miracl-v1.0-ko-test-a.tsv").write_text("t1\t숨은 질문\n", encoding="utf-8")
    lines = "".join(f"{qid}\tQ0\t{docid}\t{grade}\n" for qid, docid, grade in QRELS)
    (place / "qrels/qrels.miracl-v1.0-ko-dev.tsv").write_text(lines, encoding="utf-8")
    return "dev"


@pytest.mark.parametrize("write", [autorag, strategyqa, beir, mteb_miracl, first_miracl])
def test_published_layouts_give_the_same_set(tmp_path: Path, write: Callable[[Path], str]) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    split = write(folder)
    found = read_set(folder, "set")
    assert found.split == split
    assert [(row.docid, row.text) for row in found.documents] == [
        ("d1", "지구는 태양을 돈다."),
        ("d2", "바다\n바닷물은 짜다."),
        ("d3", "산\n산은 높다."),
    ]
    assert [(row.qid, row.messages[0].content) for row in found.queries] == QUERIES[:2]
    assert found.qrels == {"q1": {"d1": 1}, "q2": {"d2": 2, "d3": 0}}
    assert found.counted["queries without a judgement in the split, left out"] >= 1


@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl"])
def test_a_table_of_questions_and_answers(tmp_path: Path, form: str) -> None:
    """PublicHealthQA: a file a language, each distinct answer a document."""
    pairs = [
        ("열이 나면?", "물을 마신다."),
        ("기침하면?", "쉰다."),
        ("두통은?", "물을 마신다."),
        ("빈 답?", ""),
    ]
    rows = [{"id": at, "question": question, "answer": answer} for at, (question, answer) in enumerate(pairs)]
    for language, own in (("korean", rows), ("english", [{"id": 0, "question": "Why?", "answer": "So."}])):
        path = tmp_path / "data" / f"{language}.{form}"
        path.parent.mkdir(exist_ok=True)
        if form == "parquet":
            write_parquet(path, own)
        elif form == "jsonl":
            write_jsonl(path, own)
        else:
            with path.open("w", encoding="utf-8", newline="") as out:
                writer = csv.DictWriter(out, ["id", "question", "answer"])
                writer.writeheader()
                writer.writerows(own)
    found = read_set(tmp_path, "health")
    assert [row.content for row in found.documents] == ["물을 마신다.", "쉰다."]
    assert len(found.queries) == 3
    assert found.qrels["Q00002"] == {"D00000": 1}  # the third question has the first one's answer
    assert found.counted["rows without a question or an answer, left out"] == 1
    assert read_set(tmp_path, "health", language="en").documents[0].content == "So."


def test_a_source_folder_and_its_given_questions(tmp_path: Path) -> None:
    own = [{"docid": docid, "content": text} for docid, _, text in DOCUMENTS]
    write_jsonl(tmp_path / "corpus.jsonl", own)
    write_jsonl(tmp_path / "questions.jsonl", [{"docid": "d2", "question": "바닷물 맛은?"}])
    found = read_set(tmp_path, "own")
    assert found.qrels == {"q000001": {"d2": 1}}
    write_jsonl(
        tmp_path / "queries.jsonl", [{"eval_id": 7, "messages": [{"role": "user", "content": "지구?"}]}]
    )
    (tmp_path / "qrels.tsv").write_text("7\t0\td1\t1\n", encoding="utf-8")
    assert read_set(tmp_path, "own").qrels == {"7": {"d1": 1}}  # real queries come first


def test_squad_files(tmp_path: Path) -> None:
    question = {
        "id": "k1",
        "question": "지구는 무엇을 도나?",
        "answers": [{"text": "태양", "answer_start": 4}],
    }
    paragraph = {"context": "지구는 태양을 돈다.", "qas": [question]}
    document = {"version": "1", "data": [{"title": "지구", "paragraphs": [paragraph]}]}
    (tmp_path / "KorQuAD.json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    for path in (tmp_path, tmp_path / "KorQuAD.json"):
        found = read_set(path, "korquad")
        assert len(found.documents) == 1
        assert set(found.qrels) == {"k1"}


def test_a_split_can_be_named_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    beir(tmp_path)
    assert set(read_set(tmp_path, "set", split="train").qrels) == {"q3"}
    with pytest.raises(DataError, match="no judgements of the split validation; found: test, train"):
        read_set(tmp_path, "set", split="validation")


def test_faults_are_named_all_at_once(tmp_path: Path) -> None:
    autorag(tmp_path)
    faulty = [*qrel_rows(), {"query-id": "q9", "corpus-id": "d9", "score": 1.0}]
    faulty.append({"query-id": "q1", "corpus-id": "d2", "score": 0.5})
    write_parquet(tmp_path / "data/test-00000-of-00001.parquet", faulty)
    with pytest.raises(InputProblems) as fault:
        read_set(tmp_path, "set")
    messages = [problem.message for problem in fault.value.problems]
    assert any("unknown query" in message for message in messages)
    assert any("unknown document" in message for message in messages)
    assert any("expected a whole number as score, found '0.5'" in message for message in messages)
    write_parquet(tmp_path / "data/test-00000-of-00001.parquet", faulty[:-1])
    found = read_set(tmp_path, "set", drop_dangling=True)
    assert set(found.qrels) == {"q1", "q2"}
    assert any("unknown query and document" in reason for reason in found.counted)


def test_damaged_parquet_and_folders_without_a_set(tmp_path: Path) -> None:
    autorag(tmp_path)
    (tmp_path / "data/test-00000-of-00001.parquet").write_bytes(b"PAR1 no table")
    with pytest.raises(InputProblems, match="cannot be read as Parquet") as fault:
        read_set(tmp_path, "set")
    assert "test-00000-of-00001.parquet" in str(fault.value)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DataError, match="holds no table of an evaluation set"):
        read_set(empty, "set")
    with pytest.raises(DataError, match="there is no"):
        read_set(tmp_path / "absent", "set")


def test_sampling_keeps_the_corpus_and_is_the_same_each_time(tmp_path: Path) -> None:
    beir(tmp_path)
    whole: EvaluationSet = read_set(tmp_path, "set")
    fewer = sampled(whole, 1)
    assert len(fewer.queries) == 1
    assert fewer.queries == sampled(whole, 1).queries
    assert set(fewer.qrels) == {fewer.queries[0].qid}
    assert fewer.documents == whole.documents
    assert sampled(whole, 0) is whole
