import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sunwi.corpus.prepare import prepare, write_prepared
from sunwi.corpus.prepared import load_prepared
from sunwi.corpus.rows import GivenQuestion
from sunwi.errors import InputProblems
from sunwi.params.corpus import CorpusParams

LONG = "첫 문장은 빛에 대한 것이다. 둘째 문장은 소리에 대한 것이다. 셋째 문장은 열에 대한 것이다."


def write_folder(folder: Path, **files: list[Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in files.items():
        suffix = "tsv" if "qrels" in name else "jsonl"
        text = "".join(
            (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)) + "\n" for row in rows
        )
        (folder / f"{name}.{suffix}").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_folder(
        tmp_path / "raw",
        corpus=[
            {"docid": "b", "content": LONG, "src": "물리"},
            {
                "docid": "a",
                "content": "\u1112\u1161\u11ab\u1100\u1173\u11af\u200b  글  DNA 12\r\n",
                "title": " ",
                "src": "글",
            },
            {"docid": "c", "content": "한글 글, DNA 12", "src": "글", "title": "제목"},
        ],
        queries=[
            {"eval_id": 2, "messages": [{"role": "user", "content": "빛은\u200b 뭐야? "}]},
            {
                "eval_id": 1,
                "messages": [
                    {"role": "user", "content": "소리 알아?"},
                    {"role": "assistant", "content": "네"},
                    {"role": "user", "content": "빠르기는?"},
                ],
            },
        ],
        qrels=["2\t0\tb\t1", "1\t0\tb\t1"],
        questions=[
            {"docid": "b", "question": "열이란?", "source": "a"},
            {"docid": "b", "question": "열이란?\u200b ", "source": "b"},
        ],
    )


def test_cleans_cuts_and_compares(source: Path) -> None:
    prepared = prepare(source, CorpusParams(max_chars=40))
    rows = [(row.docid, row.content, row.title, row.parent) for row in prepared.corpus]
    assert rows == [
        ("a", "한글 글 DNA 12", None, None),
        ("b#1", "첫 문장은 빛에 대한 것이다. 둘째 문장은 소리에 대한 것이다.", None, "b"),
        ("b#2", "셋째 문장은 열에 대한 것이다.", None, "b"),
        ("c", "한글 글, DNA 12", "제목", None),
    ]
    assert [pair.model_dump() for pair in prepared.duplicates] == [
        {"docid": "c", "duplicate_of": "a", "similarity": 1.0}
    ]
    assert [query.messages[-1].content for query in prepared.queries] == ["빠르기는?", "빛은 뭐야?"]
    assert prepared.qrels == {"2": {"b": 1}, "1": {"b": 1}}
    assert prepared.questions == [GivenQuestion(docid="b", question="열이란?", source="a")]


def test_statistics_in_numbers(source: Path) -> None:
    statistics = prepare(source, CorpusParams(max_chars=1000)).statistics
    hangul = 3 + 3 + sum("가" <= char <= "힣" for char in LONG)
    assert statistics == {
        "documents": 3,
        "documents_cut": 0,
        "passages": 3,
        "chunks": 0,
        "characters": {"min": 11, "median": 12, "max": len(LONG)},
        "letters": {
            "hangul": round(hangul / (hangul + 10), 6),
            "latin": round(6 / (hangul + 10), 6),
            "han": 0.0,
            "digit": round(4 / (hangul + 10), 6),
        },
        "sources": {"글": 2, "물리": 1},
        "empty_titles": 2,
        "exact_duplicates": 1,
        "near_duplicates": 0,
        "queries": 2,
        "multi_turn_queries": 1,
        "judgements": 2,
        "judged_queries": 2,
        "dev_queries": 0,
        "dev_judgements": 0,
        "given_questions": 1,
        "counted": {"given questions that repeat exactly, kept once": 1},
    }


def test_written_and_loaded_again(source: Path, tmp_path: Path) -> None:
    prepared = prepare(source, CorpusParams(max_chars=40))
    write_prepared(prepared, tmp_path / "one")
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == [
        "corpus.jsonl",
        "dev_qrels.tsv",
        "dev_queries.jsonl",
        "duplicates.jsonl",
        "qrels.tsv",
        "queries.jsonl",
        "questions.jsonl",
    ]
    assert load_prepared(tmp_path / "one") == replace(prepared, statistics={})
    write_prepared(prepare(source, CorpusParams(max_chars=40)), tmp_path / "two")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_a_corpus_alone_is_enough(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "raw", corpus=[{"docid": "a", "content": "글"}])
    prepared = prepare(folder, CorpusParams())
    assert (len(prepared.corpus), prepared.queries, prepared.qrels, prepared.questions) == (1, [], {}, [])


def test_all_faults_of_the_folder_at_once(source: Path) -> None:
    write_folder(
        source,
        corpus=[
            {"docid": "a", "content": "\u200b \ufeff"},
            {"docid": "b", "content": "글", "url": "x"},
            {"docid": "c"},
        ],
        queries=[{"eval_id": 1, "messages": [{"role": "user", "content": "\u200b"}]}],
        qrels=["1 0 x 1"],
        questions=[{"docid": "b", "question": "\u200b"}],
    )
    with pytest.raises(InputProblems) as caught:
        prepare(source, CorpusParams())
    places = [(Path(problem.path).name, problem.line) for problem in caught.value.problems]
    assert {("corpus.jsonl", 1), ("corpus.jsonl", 3), ("qrels.tsv", 1)} < set(places)
    assert {("queries.jsonl", 1), ("questions.jsonl", 1)} < set(places)
    assert "document 'a' is empty after cleaning" in str(caught.value)


def test_a_missing_folder_names_the_file_and_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(InputProblems, match=r"corpus\.jsonl: the file does not exist(?s:.)*sunwi import"):
        prepare(tmp_path / "none", CorpusParams())
