"""Contexts of dev questions, by hand."""

from __future__ import annotations

from sunwi.params.bm25 import Bm25Params
from sunwi.params.encoder import EncoderParams
from sunwi.qa.dev_contexts import dev_contexts
from sunwi.qa.searching import QuestionSearch
from sunwi.records.corpus import Document
from sunwi.records.questions import Question
from sunwi.records.row import Split

TEXTS = {
    "a": "산은 높다. 굴절은 빛이 꺾이는 현상이다. 강은 길다.",
    "b": "굴절은 빛이 꺾이는 현상이다.",  # a copy of what matters
    "c": "빛은 곧게 나아간다. 거울은 빛을 되돌린다.",
    "d": "굴절 망원경은 렌즈로 빛을 모은다.",
    "e": "고래는 바다에 산다.",
}


def question(qid: str, docid: str, text: str, split: Split) -> Question:
    return Question(
        qid=qid, docid=docid, question=text, style="polite", generator="test", split=split, overlap=1.0
    )


def test_ideal_and_hard_negative_contexts() -> None:
    documents = {docid: Document(docid=docid, content=text) for docid, text in TEXTS.items()}
    search = QuestionSearch(list(documents.values()), Bm25Params(), None, EncoderParams())
    asked = [
        question("a-01", "a", "굴절은 빛의 어떤 현상인가요?", "dev"),
        question("c-01", "c", "거울은 무엇을 하나요?", "train"),
    ]
    copies = {"a": frozenset({"a", "b"}), "b": frozenset({"a", "b"})}
    (found,) = dev_contexts(asked, documents, search, copies, negatives=2)
    assert found.qid == "a-01"
    assert found.context == "굴절은 빛이 꺾이는 현상이다."
    assert [(one.docid, one.context) for one in found.negatives] == [
        ("d", "굴절 망원경은 렌즈로 빛을 모은다."),
        ("c", "빛은 곧게 나아간다."),
    ]
    assert all(one.rank > 1 for one in found.negatives)


def test_what_the_same_question_was_asked_of_is_no_negative() -> None:
    documents = {docid: Document(docid=docid, content=text) for docid, text in TEXTS.items()}
    search = QuestionSearch(list(documents.values()), Bm25Params(), None, EncoderParams())
    text = "빛은 어떻게 모으나요?"
    asked = [question("d-01", "d", text, "dev"), question("c-01", "c", text, "train")]
    (found,) = dev_contexts(asked, documents, search, {}, negatives=5)
    assert "c" not in [one.docid for one in found.negatives]
