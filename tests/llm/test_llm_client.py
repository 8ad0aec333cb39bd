"""Order, equal requests, the record, repairs, replay."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from sunwi.errors import LlmError, ReplayMissing
from sunwi.llm.outcome import Malformed
from sunwi.llm.request import LlmRequest, Message


def as_list(text: str) -> list[Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise Malformed(f"no JSON: {error.msg}") from None
    if not isinstance(value, list):
        raise Malformed("expected a list")
    return value


def upper(text: str) -> str:
    return text.upper()


def test_outcomes_have_the_order_of_the_requests_whatever_answers_first(bench: Any, server: Any) -> None:
    def later_for_the_first(body: dict[str, Any]) -> Any:
        reply = server.chat(f"re: {server.asked(body)}")
        reply.delay = 0.1 if server.asked(body) == "글 0" else 0.0
        return reply

    server.default = later_for_the_first
    outcomes = bench.client().complete(bench.requests(12), upper)
    assert [outcome.request.row for outcome in outcomes] == [f"d{row:03}" for row in range(12)]
    assert [outcome.value for outcome in outcomes] == [f"RE: 글 {row}" for row in range(12)]
    assert {outcome.status for outcome in outcomes} == {"ok"}
    assert 1 < server.most_at_once <= 4


def test_a_second_run_asks_nothing_and_says_so(bench: Any, server: Any) -> None:
    first = bench.client().complete(bench.requests(5), str)
    again = bench.client().complete(bench.requests(5), str)
    assert server.calls == 5
    assert [outcome.cached for outcome in first] == [False] * 5
    assert [outcome.cached for outcome in again] == [True] * 5
    assert [outcome.text for outcome in first] == [outcome.text for outcome in again]


def test_one_edited_row_is_one_call_and_the_way_back_is_none(bench: Any, server: Any) -> None:
    requests = bench.requests(6)
    edited = [*requests[:3], LlmRequest("questions", "d003", (Message("user", "다른 글"),)), *requests[4:]]
    for step, expected in ((requests, 6), (edited, 7), (requests, 7)):
        bench.client().complete(step, str)
        assert server.calls == expected


def test_equal_chats_are_one_call_whatever_their_rows_and_tasks(bench: Any, server: Any) -> None:
    one, other = bench.requests(1)[0], bench.requests(1, task="rerank")[0]
    client = bench.client()
    outcomes = client.complete([one, other, one], str)
    assert server.calls == 1
    assert [outcome.request.task for outcome in outcomes] == ["questions", "rerank", "questions"]
    assert [outcome.cached for outcome in outcomes] == [False, True, True]
    assert client.ledger.metrics()["rerank"]["solar-pro2"]["cached"] == 1


@pytest.mark.parametrize(
    "changes", [{"model": "other"}, {"temperature": 0.1}, {"temperature": None}, {"max_tokens": 50}]
)
def test_a_setting_that_shapes_answers_asks_again(bench: Any, server: Any, changes: dict[str, Any]) -> None:
    bench.client().complete(bench.requests(2), str)
    bench.client(**changes).complete(bench.requests(2), str)
    assert server.calls == 4
    assert ("temperature" in server.bodies[-1]) == (
        "temperature" not in changes or changes["temperature"] is not None
    )


def test_a_schema_is_sent_and_shapes_the_key_only_where_the_api_takes_it(bench: Any, server: Any) -> None:
    schema = {"type": "array", "items": {"type": "string"}}
    bench.client().complete(bench.requests(1), str)
    bench.client().complete(bench.requests(1, schema=schema), str)
    assert server.calls == 1
    assert "response_format" not in server.bodies[0]
    bench.client(json_schema=True).complete(bench.requests(1, schema=schema), str)
    assert server.bodies[1]["response_format"]["json_schema"]["schema"] == schema


def test_solar_gets_a_plain_chat(bench: Any, server: Any) -> None:
    bench.client().complete(bench.requests(1), str)
    assert set(server.bodies[0]) == {"model", "messages", "max_tokens", "temperature"}
    assert [message["role"] for message in server.bodies[0]["messages"]] == ["system", "user"]


def test_malformed_gets_one_repair_that_sees_answer_and_complaint(bench: Any, server: Any) -> None:
    server.script = [server.chat('["하나", '), server.chat('["하나", "둘"]')]
    client = bench.client()
    (outcome,) = client.complete(bench.requests(1), as_list)
    assert (outcome.status, outcome.value, outcome.repaired, outcome.cached) == (
        "ok",
        ["하나", "둘"],
        True,
        False,
    )
    assert server.calls == 2
    asked = server.bodies[1]["messages"]
    assert [message["role"] for message in asked] == ["system", "user", "assistant", "user"]
    assert asked[2]["content"] == '["하나", '
    assert "no JSON" in asked[3]["content"]
    counts = client.ledger.metrics()["questions"]["solar-pro2"]
    assert (counts["calls"], counts["repaired"], counts["ok"], counts["rows"]) == (2, 1, 1, 1)
    (again,) = bench.client().complete(bench.requests(1), as_list)
    assert (again.value, again.repaired, again.cached, server.calls) == (["하나", "둘"], True, True, 2)


def test_malformed_twice_is_final_and_stays_so(bench: Any, server: Any) -> None:
    server.default = lambda _: server.chat("NaN")
    for _ in range(2):
        (outcome,) = bench.client().complete(bench.requests(1), as_list)
        assert (outcome.status, outcome.value, outcome.text) == ("malformed", None, "NaN")
        assert outcome.detail == "expected a list"
    assert server.calls == 2


def test_a_changed_parser_asks_nothing_unless_a_repair_was_never_made(bench: Any, server: Any) -> None:
    def strict(text: str) -> str:
        raise Malformed("never good enough")

    def stricter(text: str) -> str:
        raise Malformed("another complaint")

    bench.client().complete(bench.requests(3), str)
    bench.client().complete(bench.requests(3), upper)
    assert server.calls == 3
    bench.client().complete(bench.requests(3), strict)
    assert server.calls == 6
    bench.client().complete(bench.requests(3), stricter)
    bench.client().complete(bench.requests(3), str)
    assert server.calls == 6


def test_replay_needs_neither_key_nor_server(
    bench: Any, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid = bench.client().complete(bench.requests(3), str)
    monkeypatch.delenv("SUNWI_TEST_KEY")
    for changes in ({"provider": "replay", "base_url": None}, {}):
        replayed = bench.client(**changes).complete(bench.requests(3), str)
        assert [outcome.value for outcome in replayed] == [outcome.value for outcome in paid]
    assert server.calls == 3


@pytest.mark.parametrize(
    ("provider", "reason"),
    [("replay", "calls no server"), ("none", "is none"), ("openai", "KEY_THAT_IS_NOT_SET")],
)
def test_a_miss_without_a_way_to_call_names_the_rows(
    bench: Any, server: Any, provider: str, reason: str
) -> None:
    bench.client().complete(bench.requests(2), str)
    client = bench.client(provider=provider, api_key_env="KEY_THAT_IS_NOT_SET")
    with pytest.raises(ReplayMissing) as stopped:
        client.complete(bench.requests(14), str)
    message = str(stopped.value)
    assert message.startswith("12 rows have no recorded answer and ")
    assert reason in message
    assert "d002, d003" in message
    assert "d011, ..." in message
    assert "d012" not in message
    assert "sunwi cache import FILE" in message
    assert server.calls == 2


def test_a_fault_of_the_parser_itself_loses_no_paid_answer(bench: Any, server: Any) -> None:
    def broken(text: str) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        bench.client().complete(bench.requests(20), broken)
    asked = server.calls
    assert asked <= 4 + 4
    bench.client().complete(bench.requests(20), str)
    assert server.calls == 20


def test_it_works_inside_a_running_event_loop(bench: Any) -> None:
    async def notebook() -> Any:
        return bench.client().complete(bench.requests(2), str)

    assert [outcome.status for outcome in asyncio.run(notebook())] == ["ok", "ok"]


def test_no_requests_no_calls(bench: Any, server: Any) -> None:
    assert bench.client(provider="none").complete([], str) == []
    assert server.calls == 0


def test_half_a_surrogate_pair_is_recorded_as_valid_text(bench: Any, server: Any) -> None:
    server.default = lambda _: server.chat("물음 \ud83d")
    (outcome,) = bench.client().complete(bench.requests(1), str)
    assert outcome.value == "물음 �"


def test_a_missing_package_names_the_extra(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openai", None)
    with pytest.raises(LlmError, match=r"pip install 'sunwi\[openai\]'"):
        bench.client().complete(bench.requests(1), str)
