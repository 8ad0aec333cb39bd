"""What a reasoning model thinks aloud never reaches a parser; old records are read anew."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sunwi.llm.answer import Answer
from sunwi.llm.key import repair_key, request_key
from sunwi.llm.outcome import Malformed
from sunwi.llm.prompting import read_object
from sunwi.llm.store import AnswerStore, RecordedAnswer
from sunwi.llm.thinking import final_text

DRAFT = '{"ranking": [9, 9]}'
GOOD = '{"ranking": [2, 1]}'
MARKED = [
    f"<think>\n{DRAFT}\n</think>\n{GOOD}",
    f"{DRAFT}\n</think>\n{GOOD}",
    f"<THINK>{DRAFT}</Think >{GOOD}",
    f"<thinking>{DRAFT}</thinking>\n\n{GOOD}",
    f"<reasoning effort='high'>{DRAFT}</reasoning>{GOOD}",
    f"<thought>{DRAFT}</thought>{GOOD}",
    f"<think>{DRAFT}</think>{DRAFT}<think>{DRAFT}</think>{GOOD}",
    f"<think><think>{DRAFT}</think>{DRAFT}</think>{GOOD}",
    f"[THINK]{DRAFT}[/THINK]{GOOD}",
    f"◁think▷{DRAFT}◁/think▷{GOOD}",
    f"<seed:think>{DRAFT}</seed:think>{GOOD}",
    f"<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant<|channel|>final<|message|>{GOOD}<|return|>",
    f"<|channel|>commentary<|message|>{DRAFT}<|end|><|channel|>final <|constrain|>json<|message|>{GOOD}",
    f"analysisWe need a ranking: {DRAFT}assistantfinal{GOOD}",
]
UNCLOSED = [
    f"<think>\n{DRAFT}", f"<thinking>{DRAFT}", f"<think>{DRAFT}</think>\n<think>{DRAFT}",
    f"  <reasoning>\n{DRAFT}",
    f"{DRAFT}\n<think>\nno, again", f"[THINK]{DRAFT}", f"<|channel|>analysis<|message|>{DRAFT}",
    f"analysisWe need a ranking: {DRAFT}", f"<think>{DRAFT}</think>", f"{DRAFT}</think>\n",
]  # fmt: skip
CONTENT = [
    GOOD, '{"question": "</think> 태그는 왜 쓰나요?"}', '["<think> 태그는 무엇인가요?"]',
    "1. <think> 태그는 왜 쓰나요?", "a < b 이고 [THINK]는 무엇?", "analysis를 한다", "", "  좋다 ",
]  # fmt: skip


@pytest.mark.parametrize("text", MARKED)
def test_the_answer_is_what_follows_the_thinking(text: str) -> None:
    assert final_text(text).strip() == GOOD


@pytest.mark.parametrize("text", UNCLOSED)
def test_thinking_without_an_end_holds_no_answer(text: str) -> None:
    assert final_text(text).strip() == ""


@pytest.mark.parametrize("text", CONTENT)
def test_text_that_speaks_of_such_marks_is_left_alone(text: str) -> None:
    assert final_text(text) == text


PIECES = [
    "<think>",
    "</think>",
    "<thinking>",
    "</reasoning>",
    "\n",
    "<|channel|>final<|message|>",
    "{",
    '"',
    "가",
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5)), max_size=12).map("".join))
def test_any_text_gives_a_part_of_itself(text: str) -> None:
    rest = final_text(text)
    assert rest in text
    assert final_text(rest) in rest


def ranking(text: str) -> list[int]:
    value = read_object(text)["ranking"]
    assert isinstance(value, list)
    return value


@pytest.mark.parametrize("text", MARKED)
def test_a_parser_sees_the_answer_alone(bench: Any, server: Any, text: str) -> None:
    server.default = lambda _: server.chat(text)
    (outcome,) = bench.client().complete(bench.requests(1), ranking)
    assert (outcome.value, outcome.text.strip(), server.calls) == ([2, 1], GOOD, 1)


@pytest.mark.parametrize("text", UNCLOSED)
def test_an_unclosed_one_is_repaired_once(bench: Any, server: Any, text: str) -> None:
    server.script = [server.chat(text), server.chat(GOOD)]
    (outcome,) = bench.client().complete(bench.requests(1), ranking)
    assert (outcome.value, outcome.repaired, server.calls) == ([2, 1], True, 2)
    assert DRAFT not in json.dumps(server.bodies[1]["messages"])


def test_an_answer_cut_within_its_thinking_is_empty_of_text(bench: Any, server: Any) -> None:
    server.default = lambda _: server.chat(f"<think>{DRAFT}", "length")
    (outcome,) = bench.client().complete(bench.requests(1), ranking)
    assert (outcome.status, outcome.text, server.calls) == ("truncated", "", 1)


def test_a_record_of_an_older_reader_is_read_anew_at_no_cost(bench: Any, server: Any) -> None:
    (request,) = bench.requests(1)
    key = request_key(request, bench.settings())
    with AnswerStore(bench.folder) as store:
        store.record(key, "questions", "solar-pro2", Answer(MARKED[0], "ok", "stop", 10, 5, "openai/m"))
    (outcome,) = bench.client(provider="replay").complete([request], ranking)
    assert (outcome.value, outcome.cached, outcome.repaired, server.calls) == ([2, 1], True, False, 0)


@pytest.mark.parametrize("finish", ["error", "no choices", "insufficient_system_resource"])
def test_a_fault_that_an_older_reader_recorded_is_asked_again_once(
    bench: Any, server: Any, finish: str
) -> None:
    (request,) = bench.requests(1)
    key = request_key(request, bench.settings())
    with AnswerStore(bench.folder) as store:
        store.put_many([
            RecordedAnswer(
                key=key, task="questions", model="solar-pro2", served_by="openai/m", status="empty",
                finish=finish, text="", tokens_in=None, tokens_out=None,
            )
        ])  # fmt: skip
    server.default = lambda _: server.chat(GOOD)
    for _ in range(2):
        (outcome,) = bench.client().complete([request], ranking)
        assert (outcome.value, server.calls) == ([2, 1], 1)


def test_a_repair_recorded_for_an_answer_with_thinking_is_found(bench: Any, server: Any) -> None:
    (request,) = bench.requests(1)
    key = request_key(request, bench.settings())
    with AnswerStore(bench.folder) as store:
        store.record(key, "questions", "solar-pro2", Answer(UNCLOSED[0], "ok", "stop", 10, 5, "openai/m"))
        again = repair_key(key, UNCLOSED[0])
        store.record(again, "questions", "solar-pro2", Answer(GOOD, "ok", "stop", 10, 5, "openai/m"))
    (outcome,) = bench.client(provider="replay").complete([request], ranking)
    assert (outcome.value, outcome.repaired, server.calls) == ([2, 1], True, 0)


def test_a_complaint_that_quotes_the_answer_is_cut(bench: Any, server: Any) -> None:
    def complain(text: str) -> str:
        raise Malformed(text)

    server.default = lambda _: server.chat("가" * 5_000)
    bench.client().complete(bench.requests(1), complain)
    assert len(server.bodies[1]["messages"][-1]["content"]) < 1_000
