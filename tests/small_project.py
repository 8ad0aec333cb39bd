"""A project of a few passages as the stages before search leave it, written by hand: no stage runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sunwi.corpus.prepare import write_prepared
from sunwi.corpus.prepared import Prepared
from sunwi.corpus.rows import DuplicatePair
from sunwi.models.encoder import Encoder
from sunwi.paths import INDEX, PREPARED, QA, QUERIES
from sunwi.records.corpus import Document, Message, Query
from sunwi.records.files import write_rows
from sunwi.records.questions import Question
from sunwi.records.row import Split
from sunwi.records.submissions import UnderstoodQuery
from sunwi.search.index.store import save_vectors
from sunwi.search.passages import Passages

LENGTHS = "encoder: {max_length: 48, query_max_length: 24, precision: float32}\n"
ASKED: list[tuple[str, str, Split]] = [
    ("빛으로 포도당을 만드는 것은 무엇인가요?", "d1", "train"),
    ("땅이 흔들리는 까닭은 무엇인가요?", "d2", "train"),
    ("산소를 나르는 것은 무엇인가요?", "d3", "dev"),
    ("자음은 몇 자였나요?", "d4#1", "dev"),
    ("화산재는 어디에서 나오나요?", "d5", "train"),
]
TEST = ["헤모글로빈은 무엇을 나르나?", "훈민정음은 누가 만들었나?", "안녕하세요"]
DEV = ["지각판이 움직이면 무엇이 흔들리나?", "마그마는 어디로 솟나?", "반갑습니다"]


def write_project(folder: Path, corpus: Sequence[Document], params: str = "") -> Path:
    """params.yaml (`LENGTHS` and `params`), prepared tables, kept questions, understood dialogues.

    Test: 1 asks for d3, 2 for d4 (two chunks), 3 is chit-chat. Dev: 1 asks for d2; 2 is about d5, and its
    only judgement, a wrong one, is of d7; 3 is chit-chat. d6 is a near copy of d1.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "params.yaml").write_text(LENGTHS + params, encoding="utf-8")
    tables = Prepared(
        corpus=sorted(corpus, key=Document.sort_key),
        queries=_dialogues(TEST),
        qrels={"1": {"d3": 1, "d5": 0}, "2": {"d4": 2}},
        dev_queries=_dialogues(DEV),
        dev_qrels={"1": {"d2": 1}, "2": {"d7": 1}},
        questions=[],
        duplicates=[DuplicatePair(docid="d6", duplicate_of="d1", similarity=0.9)],
    )
    write_prepared(tables, folder / PREPARED)
    rows = [
        Question(
            qid=f"q{at}", docid=docid, question=text, style="x", generator="x", split=split, overlap=at / 10
        )
        for at, (text, docid, split) in enumerate(ASKED)
    ]
    write_rows(folder / QA / "questions.jsonl", rows)
    write_rows(folder / QA / "index_questions.jsonl", [])
    write_rows(folder / QUERIES / "understood.jsonl", _understood(TEST))
    write_rows(folder / QUERIES / "dev_understood.jsonl", _understood(DEV))
    return folder


def write_vectors(folder: Path, corpus: Sequence[Document], encoder: Encoder, which: str) -> None:
    """What an encode stage writes, and the dialogues' vectors in the row cache."""
    texts = Passages.of(corpus).texts
    index = folder / INDEX / which
    save_vectors(index / "corpus.npy", encoder.encode(texts, "passage", 48))
    save_vectors(index / "questions.npy", encoder.encode([text for text, *_ in ASKED], "query", 24))
    save_vectors(index / "index_questions.npy", encoder.encode([], "query", 24))
    encoder.encode([*TEST, *DEV], "query", 24)


def _dialogues(texts: Sequence[str]) -> list[Query]:
    return [
        Query(eval_id=at, messages=[Message(role="user", content=text)])
        for at, text in enumerate(texts, start=1)
    ]


def _understood(texts: Sequence[str]) -> list[UnderstoodQuery]:
    last = len(texts)  # the chit-chat
    return [
        UnderstoodQuery(eval_id=at, standalone_query=text, needs_retrieval=at != last, source="x")
        for at, text in enumerate(texts, start=1)
    ]
