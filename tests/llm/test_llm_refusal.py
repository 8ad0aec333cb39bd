"""A refusal in words is told from a question about refusals."""

from __future__ import annotations

import pytest

from sunwi.llm.outcome import Malformed
from sunwi.llm.refusal import is_refusal
from sunwi.qa.llm.answer import parse_answer
from sunwi.query.by_llm import parse_hyde, parse_rewrite


@pytest.mark.parametrize(
    "text",
    [
        "죄송하지만 요청하신 내용은 도와드릴 수 없습니다.",
        "죄송합니다. 해당 글에 대한 질문은 만들 수 없습니다.",
        "죄송하지만 이 요청은 처리할 수 없습니다. 다른 질문이 있으신가요?",
        "저는 AI 언어 모델로서 해당 질문에 답변드릴 수 없습니다.",
        "주어진 글로는 질문을 생성할 수 없습니다",
        "I'm sorry, I can't help with that.",
        "I’m sorry, but I cannot assist with this request.",
        "I'm sorry. I can't help with that.",
        "I am not able to help.",
        "Unfortunately, I cannot provide this.",
    ],
)
def test_refusals(text: str) -> None:
    assert is_refusal(text)
    with pytest.raises(Malformed):
        parse_answer(f"{text}\n더 필요하신 것이 있나요?", 1)


@pytest.mark.parametrize(
    "text",
    [
        "죄송하지만 환불할 수 없습니다라는 안내는 언제 나오나요?",
        "죄송하지만 환불은 왜 할 수 없나요",
        "죄송하지만 왜 혈액형 검사를 할 수 없습니까?",
        "죄송한데 막차 시간 좀 알려 주세요",
        "죄송합니다와 미안합니다는 어떻게 다른가요?",
        "제가 질문에 답변할 수 없는 이유는?",
        "I'm sorry, I can't access my account. What should I do?",
        "I can't help falling in love는 누구의 노래인가요?",
    ],
)
def test_questions_pass(text: str) -> None:
    assert not is_refusal(text)
    assert [slot.text for slot in parse_answer(text, 1)] == [text]


def test_numbered_questions_after_an_apology_are_read() -> None:
    text = "죄송하지만 세 개는 만들 수 없습니다.\n1. 물은 왜 어나요?\n2. 물은 왜 끓나요?"
    assert [slot.text for slot in parse_answer(text, 2)][1:] == ["1. 물은 왜 어나요?", "2. 물은 왜 끓나요?"]


def test_a_refusal_is_no_query_and_no_document() -> None:
    for parse, key in ((parse_rewrite, "standalone_query"), (parse_hyde, "passage")):
        with pytest.raises(Malformed, match="refusal"):
            parse(f'{{"{key}": "죄송하지만 요청하신 내용은 도와드릴 수 없습니다."}}')
        assert parse(f'{{"{key}": "죄송하지만 환불은 왜 할 수 없나요"}}')
