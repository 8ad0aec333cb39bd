"""What generate_qa says when questions are missing, and how to go on."""

from __future__ import annotations

from sunwi.params.qa import QaParams
from sunwi.qa.generate import QaSources, generate_questions
from sunwi.qa.notices import notices
from sunwi.qa.settings import QaSections
from sunwi.records.corpus import Document

ENGLISH = [
    Document(docid="a", content="Water boils at 100 degrees Celsius at sea level."),
    Document(docid="b", content="Plants make sugar from light, water and carbon dioxide."),
]
KOREAN = [
    Document(docid="c", content="광합성은 식물이 빛으로 양분을 만드는 과정이다."),
    Document(docid="d", content="산사태는 폭우로 인해 발생한다."),
]


def said(documents: list[Document], **changed: object) -> list[str]:
    qa = QaParams(round_trip="bm25", **changed)  # type: ignore[arg-type]  pydantic checks them
    given = [(document.docid, "물은 왜", "people") for document in documents]
    result = generate_questions(QaSources(documents, given=given), QaSections(qa=qa))
    return list(notices(documents, result.kept, len(result.rejected), qa))


def test_a_corpus_that_is_not_korean() -> None:
    (notice,) = said(ENGLISH)
    assert notice.startswith("2 of 2 documents are not Korean, and qa.provider: template asks about Korean")
    assert "0 questions were made. Next: set qa.provider: llm" in notice
    assert "qa.provider: given" in notice
    (half,) = said([*ENGLISH, *KOREAN])
    assert half.startswith("2 of 4 documents are not Korean")


def test_a_korean_corpus_says_nothing() -> None:
    assert said(KOREAN, dev_share=1) == []


def test_no_dev_question() -> None:
    (notice,) = said(KOREAN, dev_share=0)
    assert "falls into the dev split" in notice
    assert "Next: raise qa.dev_share" in notice


def test_no_question_at_all() -> None:
    assert "no question was made from 1 documents" in said([Document(docid="e", content="물.")])[0]
    (notice,) = said(KOREAN, provider="given")
    assert notice.startswith("none of 2 questions passed the filters. Next: read the reasons in")
