"""JSON as models write it: read whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sunwi.llm.json_text import decode_first, repaired, unfenced
from sunwi.llm.outcome import Malformed
from sunwi.llm.prompting import read_object
from sunwi.llm.thinking import final_text
from sunwi.params.augment_failures import AugmentFailuresParams
from sunwi.qa.llm.answer import AnsweredQuestion, parse_answer, read_answer
from sunwi.qa.parse import parse as parse_question
from sunwi.query.by_llm import parse_hyde, parse_intent, parse_rewrite, parse_variants
from sunwi.submit.llm.answers import parse_answer as parse_written_answer
from sunwi.submit.llm.listwise import parse_order
from sunwi.submit.llm.pairwise import parse_choice
from sunwi.train.targeted.augment_llm import parse_verdict, parse_written

S, T = "물은 몇 도에서 어나요?", "물은 왜 100도에서 끓나요?"
PLAIN = (
    f'{{"questions": [{{"style": "factual", "question": "{S}"}}, {{"style": "why_how", "question": "{T}"}}]}}'
)
WHOLE = {
    "fence and prose": f"네, 알겠습니다.\n```json\n{PLAIN}\n```\n도움이 되었길 바랍니다!",
    "trailing commas": PLAIN.replace("}", ",}").replace("]", ",]"),
    "single quotes": PLAIN.replace('"', "'"),
    "curly quotes": PLAIN.replace('"style"', "“style”")
    .replace('"question"', "“question”")
    .replace(f'"{S}"', f"“{S}”"),
    "two objects": f'{{"style": "factual", "question": "{S}"}}\n{{"style": "why_how", "question": "{T}"}}',
    "text of JSON": json.dumps(PLAIN),
    "one line comment of prose after": PLAIN + " 위와 같이 만들었습니다.",
    "its reasoning beside": '{"reasoning": "먼저 초안을 쓰자", ' + PLAIN[1:],
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_questions_are_read_whole(name: str) -> None:
    assert parse_answer(WHOLE[name], 2) == [AnsweredQuestion("factual", S), AnsweredQuestion("why_how", T)]


@pytest.mark.parametrize(
    "first",
    [
        '물은 "0도"에서 왜 어나요?',
        "물은 몇 도에서\n어나요?",
        "{물}은 몇 도에서 어나요?",
        "\\(H_2O\\)은 왜 어나요?",
    ],
)
def test_slips_within_a_question_cost_nothing(first: str) -> None:
    text = PLAIN.replace(S, first).replace("}]", "},]")
    assert [slot.text for slot in parse_answer(text, 2)] == [first, T]


@pytest.mark.parametrize(
    "text",
    [
        '{"questions": [{"style": "factual", "question": "빛은', '{"questions": [{"question": "물은 {왜}',
        '{"questions": [{"question": "물은 왜}]}', '[{"question": "빛은 왜]',
    ],
)  # fmt: skip
def test_half_a_question_is_none(text: str) -> None:
    assert not [slot.text for slot in read_answer(text) if slot.text]


def order(text: str) -> list[int]:
    return parse_order(text, size=3)


@pytest.mark.parametrize(
    "text",
    ['{"ranking": [2, 1, 3,]}', "{'ranking': [2, 1, 3]}", '```json\n{"ranking": [2, 1, 3]}\n```',
     '{"ranking": [2, 1, 3]} 이유: {2번이 낫다}', '순위는 {"ranking": [2, 1, 3]} 입니다.'],
)  # fmt: skip
def test_a_ranking_is_read(text: str) -> None:
    assert order(text) == [1, 0, 2]


@pytest.mark.parametrize(
    "text",
    ['{"ranking": ["2", "1"]}', '{"ranking": [2.0, 1.0]}', "[2, 1, 3]", '{"ranking": [[2, 1, 3]]}',
     '{"ranking": [2, 1], "ranking": [1, 2]}', '{"Ranking": [2,1]}', '{"ranking": "2 > 1 > 3"}',
     '{"ranking": [true, 2]}', '{"ranking": [1e0, 2]}', '{"ranking": [10000000000000000000000, 1]}',
     '{"ranking": [NaN]}', '{"ranking": [1e999]}', '{"ranking": ' + "9" * 5000 + "}", '{"a":' * 20000,
     '{"ranking": ' + "[" * 900 + "]" * 900 + "}", '{"ranking": [2, 1, ...]}', '{"ranking": [2, 1',
     '{"ranking": [1, 2]} {"ranking": [2, 1]}', '{"ranking": [1, 1]}', "{}", ""],
)  # fmt: skip
def test_no_wrong_ranking_is_taken(text: str) -> None:
    with pytest.raises(Malformed):
        order(text)


def test_halves_of_surrogate_pairs_are_replaced() -> None:
    assert parse_written_answer('{"answer": "한 \\ud83d 끝"}') == ("한 \ufffd 끝", [])
    assert read_answer('["왜 \\ud83d"]')[0].text == "왜 \ufffd"
    assert read_answer("왜 \ud83d")[0].text == "왜 \ufffd"


def test_a_doubled_key_is_named() -> None:
    with pytest.raises(Malformed, match="'ranking' twice"):
        read_object('{"ranking": [2], "ranking": [1]}')


PARSERS: list[Callable[[str], Any]] = [
    read_object, read_answer, partial(parse_answer, wanted=1), order, parse_choice, parse_written_answer,
    parse_intent, parse_rewrite, parse_variants, parse_hyde, parse_verdict,
    partial(parse_written, settings=AugmentFailuresParams()), repaired, unfenced, final_text, decode_first,
    parse_question,
]  # fmt: skip
PIECES = [
    "{", "}", "[", "]", '"', "'", "“", ":", ",", "\\", "\n", "```", "NaN", "1e999", "None", "9" * 5000,
    "\ud83d", '"ranking"', '"question"', '"answers"', '"better"', "true", "[" * 2000, "```json", "\\u12",
    "물은 왜?", " ",
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=15).map("".join))
def test_no_text_makes_a_parser_raise_anything_else(text: str) -> None:
    for parse in PARSERS:
        with suppress(Malformed):
            json.dumps(repr(parse(text))).encode()


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["utf-8", "utf-16", "cp949", "latin-1"]))
def test_no_bytes_make_a_parser_raise_anything_else(data: bytes, encoding: str) -> None:
    text = final_text(data.decode(encoding, "surrogateescape" if encoding == "utf-8" else "replace"))
    for parse in PARSERS:
        with suppress(Malformed):
            parse(text)


HOSTILE = [
    "{" * 50_000, "[" * 50_000, '{"q":""}' * 50_000, '"' * 50_000, "\\" * 50_000, "<think>" * 20_000,
    "</think>" * 20_000, "<" * 50_000, "```" * 20_000, "질문: " * 20_000, "\n" * 50_000, "1. " * 20_000,
    '{"question": "' + "\\u" * 20_000, "<|channel|>" * 10_000, "\x00" * 50_000,
    "{'a':" * 900 + "1" + "}" * 900,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:12]))
def test_long_hostile_texts_are_refused_or_read(text: str) -> None:
    for parse in PARSERS:
        with suppress(Malformed):
            parse(text)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["ranking", "question", "questions", "style", "answer", "references", "better"])
        | st.text(max_size=2), inner, max_size=3,
    ),
    max_leaves=10,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_no_value_makes_a_parser_raise_anything_else(value: Any) -> None:
    for parse in PARSERS:
        with suppress(Malformed):
            parse(json.dumps(value))


PLAIN_TEXT = st.text(
    st.characters(categories=["Lo", "Nd", "Po", "Zs"], exclude_characters="\\\"'"), max_size=8
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b", "ㄱ"]), st.lists(PLAIN_TEXT | st.integers(), max_size=3)))
def test_a_repair_gives_the_value_or_nothing(value: dict[str, Any]) -> None:
    text = json.dumps(value, ensure_ascii=False).replace("]", ",]").replace("[,]", "[]")
    with suppress(Malformed):
        assert repaired(text) == value
