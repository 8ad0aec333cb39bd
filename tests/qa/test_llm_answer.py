"""Answers in every form that models were seen to give."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunwi.llm.outcome import Malformed
from sunwi.qa.llm.answer import AnsweredQuestion, parse_answer, read_answer
from sunwi.qa.llm.prompt import STYLES

TWO = [AnsweredQuestion("factual", "빛은 왜 꺾이나요?"), AnsweredQuestion("keyword", "빛 굴절 원리")]
OBJECTS = [{"style": one.style, "question": one.text} for one in TWO]


def dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


@pytest.mark.parametrize(
    "text",
    [
        dumped({"questions": OBJECTS}),
        dumped(OBJECTS),
        f"```json\n{dumped({'questions': OBJECTS})}\n```",
        f"요청하신 질문입니다.\n{dumped({'questions': OBJECTS})}\n도움이 되었기를 바랍니다.",
        dumped({"질문": [{"말투": one.style, "질문": one.text} for one in TWO]}),
        dumped({one.style: one.text for one in TWO}),
        dumped({"questions": OBJECTS})[:-2],  # cut in the closing brackets
        dumped({"questions": OBJECTS})[:-2] + ', {"style": "factual", "questi',
        "1. factual: 빛은 왜 꺾이나요?\n2. [keyword] - 빛 굴절 원리",
        "**factual**: 빛은 왜 꺾이나요?\n\n**keyword**: 빛 굴절 원리\n",
    ],
)
def test_both_questions_are_read_with_their_styles(text: str) -> None:
    assert parse_answer(text, 2) == TWO


@pytest.mark.parametrize(
    "text",
    [
        '["빛은 왜 꺾이나요?", "빛 굴절 원리"]',
        '["빛은 왜 꺾이나요?", "빛 굴절 원리", "거울은',
        '{"질문1": "빛은 왜 꺾이나요?", "질문2": "빛 굴절 원리"}',
        "1) 빛은 왜 꺾이나요?\n2) 빛 굴절 원리",
        "- 빛은 왜 꺾이나요?\n- 빛 굴절 원리",
    ],
)
def test_a_form_without_styles_is_read_too(text: str) -> None:
    assert [slot.style for slot in parse_answer(text, 2)] == ["unstated"] * 2


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", 0),
        ("   ", 0),
        ('{"questions": []}', 0),
        ('{"questions": [NaN, null, "빛은 왜 꺾이나요?"]}', 1),
        ('{"questions": [{"style": "factual", "question": NaN}]}', 0),
        ("**질문 3개:**\n1. 빛은 왜 꺾이나요?", 1),
        ('{"questions": [{"style": "factual", "question": "빛은', 0),
    ],
)
def test_too_few_questions_are_malformed_with_the_count(text: str, found: int) -> None:
    with pytest.raises(Malformed, match=f"{found} of 2"):
        parse_answer(text, 2)


def test_an_unknown_style_is_not_invented() -> None:
    (slot,) = read_answer('{"questions": [{"style": "시적", "question": "빛은 왜 꺾이나요?"}]}')
    assert slot.style == "unstated"


questions = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)


@given(st.lists(st.tuples(st.sampled_from(STYLES), questions), min_size=1, max_size=5))
def test_what_json_carries_is_read_back(slots: list[tuple[str, str]]) -> None:
    text = dumped({"questions": [{"style": style, "question": question} for style, question in slots]})
    assert read_answer(text) == [AnsweredQuestion(*slot) for slot in slots]


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert all(slot.style in {*STYLES, "unstated"} for slot in read_answer(text))
