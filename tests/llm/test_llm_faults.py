"""What is tried again, what is not, and how many calls the server sees."""

from __future__ import annotations

from typing import Any

import pytest

from sunwi.errors import LlmError

PROVIDERS = ["openai", "gemini"]


def good(server: Any, provider: str) -> Any:
    return server.chat("좋다") if provider == "openai" else server.gemini("좋다")


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_statuses_that_may_pass_are_tried_again(bench: Any, server: Any, provider: str, status: int) -> None:
    server.script = [server.error(status), server.error(status), good(server, provider)]
    client = bench.client(provider=provider)
    (outcome,) = client.complete(bench.requests(1), str)
    assert (outcome.status, outcome.value, server.calls) == ("ok", "좋다", 3)
    (counts,) = client.ledger.metrics()["questions"].values()
    assert (counts["retried"], counts["calls"], counts["failed"]) == (2, 1, 0)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_retry_after_is_waited_in_full(bench: Any, server: Any, provider: str) -> None:
    server.script = [server.error(429, retry_after="7"), good(server, provider)]
    (outcome,) = bench.client(provider=provider).complete(bench.requests(1), str)
    assert (outcome.status, server.calls) == ("ok", 2)
    assert any(7 <= wait <= 8 for wait in bench.waits)


def test_geminis_retry_info_is_its_retry_after(bench: Any, server: Any) -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}]
    body = {"error": {"code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED", "details": details}}
    refusal = server.error(429)
    refusal.body = body
    server.script = [refusal, server.gemini("좋다")]
    bench.client(provider="gemini").complete(bench.requests(1), str)
    assert any(34.5 <= wait <= 35.5 for wait in bench.waits)
    assert server.calls == 2


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_reset_in_mid_body_is_tried_again(bench: Any, server: Any, provider: str) -> None:
    torn = good(server, provider)
    torn.cut = True
    server.script = [torn, good(server, provider)]
    (outcome,) = bench.client(provider=provider).complete(bench.requests(1), str)
    assert (outcome.status, server.calls) == ("ok", 2)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_hanging_server_is_left_and_asked_again(bench: Any, server: Any, provider: str) -> None:
    slow = good(server, provider)
    slow.delay = 1.5
    server.script = [slow, good(server, provider)]
    (outcome,) = bench.client(provider=provider, timeout=0.4).complete(bench.requests(1), str)
    assert (outcome.status, server.calls) == ("ok", 2)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_reply_whose_json_is_cut_is_tried_again(bench: Any, server: Any, provider: str) -> None:
    torn = good(server, provider)
    torn.body = torn.bytes()[:-30]
    server.script = [torn, good(server, provider)]
    (outcome,) = bench.client(provider=provider).complete(bench.requests(1), str)
    assert (outcome.status, server.calls) == ("ok", 2)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_nobody_listening_fails_the_row_after_its_tries(bench: Any, server: Any, provider: str) -> None:
    server.close()
    client = bench.client(provider=provider, max_tries=3)
    (outcome,) = client.complete(bench.requests(1), str)
    assert (outcome.status, outcome.value, outcome.cached) == ("failed", None, False)
    assert "connection failed" in outcome.detail
    assert "after 3 tries" in outcome.detail
    assert len(bench.waits) >= 2


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_failed_row_is_not_recorded_and_costs_its_tries(bench: Any, server: Any, provider: str) -> None:
    server.script = [server.error(500)] * 4
    server.default = lambda _: good(server, provider)
    client = bench.client(provider=provider, max_tries=4, concurrency=1)
    outcomes = client.complete(bench.requests(3), str)
    assert [outcome.status for outcome in outcomes] == ["failed", "ok", "ok"]
    assert server.calls == 4 + 2
    assert next(iter(client.ledger.metrics()["questions"].values()))["failed"] == 1
    again = bench.client(provider=provider).complete(bench.requests(3), str)
    assert [outcome.cached for outcome in again] == [False, True, True]
    assert server.calls == 7


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_stops_the_run_and_keeps_what_is_answered(
    bench: Any, server: Any, provider: str, status: int
) -> None:
    server.script = [good(server, provider), good(server, provider), server.error(status, "nope")]
    with pytest.raises(LlmError) as stopped:
        bench.client(provider=provider, concurrency=1).complete(bench.requests(9), str)
    message = str(stopped.value)
    assert server.calls == 3
    assert f"row 'd002' of task 'questions': the server answered {status}: nope" in message
    assert "2 of 9 rows are answered and kept" in message
    assert ("SUNWI_TEST_KEY" in message) == (status in {401, 403})
    server.default = lambda _: good(server, provider)
    bench.client(provider=provider).complete(bench.requests(9), str)
    assert server.calls == 3 + 7


def test_an_account_without_credit_is_not_hammered(bench: Any, server: Any) -> None:
    server.default = lambda _: server.error(429, "quota", code="insufficient_quota")
    with pytest.raises(LlmError, match="add credit"):
        bench.client(concurrency=1).complete(bench.requests(5), str)
    assert server.calls == 1


def test_a_page_in_place_of_an_answer_points_to_the_address(bench: Any, server: Any) -> None:
    page = server.chat("")
    page.body, page.headers = b"<html>welcome</html>", {"Content-Type": "text/html"}
    server.default = lambda _: page
    with pytest.raises(LlmError, match=r"llm\.base_url"):
        bench.client(concurrency=1, max_tries=3).complete(bench.requests(2), str)
    assert server.calls == 3  # a page may be a hiccup; a row of nothing else says that the address is wrong


@pytest.mark.parametrize("provider", PROVIDERS)
def test_row_after_row_failing_stops_the_run(bench: Any, server: Any, provider: str) -> None:
    server.script = [good(server, provider)]
    server.default = lambda _: server.error(503, "down")
    client = bench.client(provider=provider, concurrency=1, max_tries=2, breaker_failures=3)
    with pytest.raises(LlmError) as stopped:
        client.complete(bench.requests(100), str)
    assert server.calls == 1 + 3 * 2
    assert "3 consecutive rows got no answer" in str(stopped.value)
    assert "the server answered 503: down" in str(stopped.value)
    assert "1 of 100 rows are answered and kept" in str(stopped.value)


def test_with_many_at_once_the_breaker_bounds_the_calls(bench: Any, server: Any) -> None:
    server.default = lambda _: server.error(500)
    client = bench.client(concurrency=8, max_tries=3, breaker_failures=4)
    with pytest.raises(LlmError):
        client.complete(bench.requests(500), str)
    assert server.calls <= (4 + 8) * 3


# What a provider says for good: one call, recorded, never asked again.
OPENAI_FINAL = [
    ({"text": "반쪽", "finish": "length"}, "truncated", "length"),
    ({"text": "", "finish": "stop"}, "empty", "stop"),
    ({"text": None, "finish": "stop"}, "empty", "stop"),
    ({"text": " \n", "finish": "stop"}, "empty", "stop"),
    ({"text": "", "finish": "content_filter"}, "blocked", "content_filter"),
    ({"text": None, "finish": "stop", "refusal": "답할 수 없다"}, "blocked", "refusal"),
]


@pytest.mark.parametrize(("reply", "status", "finish"), OPENAI_FINAL)
def test_openai_answers_that_are_final_cost_one_call(
    bench: Any, server: Any, reply: dict[str, Any], status: str, finish: str
) -> None:
    server.default = lambda _: server.chat(**reply)
    client = bench.client()
    for cached in (False, True):
        (outcome,) = (client if not cached else bench.client()).complete(bench.requests(1), str)
        assert (outcome.status, outcome.value, outcome.cached) == (status, None, cached)
        assert finish in outcome.detail
    assert server.calls == 1
    assert bench.waits == []
    assert client.ledger.metrics()["questions"]["solar-pro2"][status] == 1


def test_azures_blocked_prompt_is_final(bench: Any, server: Any) -> None:
    server.default = lambda _: server.error(400, "filtered", code="content_filter")
    for _ in range(2):
        outcomes = bench.client().complete(bench.requests(3), str)
        assert [outcome.status for outcome in outcomes] == ["blocked"] * 3
    assert server.calls == 3


FINISH_REASONS = [
    ("SAFETY", "blocked"), ("RECITATION", "blocked"), ("BLOCKLIST", "blocked"),
    ("PROHIBITED_CONTENT", "blocked"), ("SPII", "blocked"), ("LANGUAGE", "blocked"),
    ("OTHER", "blocked"), ("A_REASON_TO_COME", "blocked"), ("MAX_TOKENS", "truncated"),
    ("STOP", "empty"), (None, "empty"),
]  # fmt: skip


@pytest.mark.parametrize("text", [None, ""])
@pytest.mark.parametrize(("finish", "status"), FINISH_REASONS)
def test_gemini_candidates_without_text_are_final(
    bench: Any, server: Any, finish: str | None, status: str, text: str | None
) -> None:
    server.default = lambda _: server.gemini(text, finish)
    for cached in (False, True):
        (outcome,) = bench.client(provider="gemini").complete(bench.requests(1), str)
        assert (outcome.status, outcome.value, outcome.text, outcome.cached) == (status, None, "", cached)
        assert (finish or "unstated") in outcome.detail
    assert server.calls == 1
    assert bench.waits == []


@pytest.mark.parametrize("reason", ["SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT"])
def test_a_prompt_that_gemini_blocks_is_final(bench: Any, server: Any, reason: str) -> None:
    reply = server.gemini(None)
    reply.body = {"promptFeedback": {"blockReason": reason}, "usageMetadata": {"promptTokenCount": 9}}
    server.default = lambda _: reply
    client = bench.client(provider="gemini")
    (outcome,) = client.complete(bench.requests(1), str)
    assert (outcome.status, server.calls) == ("blocked", 1)
    assert f"prompt: {reason}" in outcome.detail
    counts = client.ledger.metrics()["questions"]["gemini-2.5-flash"]
    assert (counts["tokens_in"], counts["tokens_out"], counts["unmetered"]) == (9, 0, 0)


def test_gemini_without_candidates_is_empty(bench: Any, server: Any) -> None:
    reply = server.gemini(None)
    reply.body = {"candidates": []}
    server.default = lambda _: reply
    (outcome,) = bench.client(provider="gemini").complete(bench.requests(1), str)
    assert (outcome.status, server.calls) == ("empty", 1)
    assert "no candidates" in outcome.detail


def test_a_cut_gemini_answer_keeps_its_text_for_whoever_can_use_it(bench: Any, server: Any) -> None:
    server.default = lambda _: server.gemini("첫째 물음은", "MAX_TOKENS")
    (outcome,) = bench.client(provider="gemini").complete(bench.requests(1), str)
    assert (outcome.status, outcome.value, outcome.text) == ("truncated", None, "첫째 물음은")


def test_geminis_thoughts_are_paid_and_not_part_of_the_text(bench: Any, server: Any) -> None:
    reply = server.gemini("답")
    parts = reply.body["candidates"][0]["content"]["parts"]
    parts.insert(0, {"text": "생각", "thought": True})
    server.default = lambda _: reply
    client = bench.client(provider="gemini")
    (outcome,) = client.complete(bench.requests(1), str)
    assert outcome.value == "답"
    assert client.ledger.spent_tokens == (10, 5 + 2)


def test_gemini_gets_system_turns_and_schema_in_its_own_form(bench: Any, server: Any) -> None:
    server.default = lambda _: server.gemini("[]")
    schema = {"type": "array", "items": {"type": "string"}}
    bench.client(provider="gemini", json_schema=True).complete(bench.requests(1, schema=schema), str)
    body = server.bodies[0]
    assert body["systemInstruction"]["parts"] == [{"text": "질문"}]
    assert [turn["role"] for turn in body["contents"]] == ["user"]
    assert body["generationConfig"]["responseJsonSchema"] == schema
    assert body["generationConfig"]["maxOutputTokens"] == 100
