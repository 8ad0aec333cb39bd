"""Replies with status 200 of every kind: what is asked again, what is final, and what is never recorded."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from tests.llm_server import FakeServer, Reply

from sunwi.errors import LlmError
from sunwi.llm.store import AnswerStore

Body = Any


def chat(message: Any = None, finish: Any = "stop", **choice: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": "좋다"} if message is None else message
    usage = {"prompt_tokens": 10, "completion_tokens": 5}
    return {
        "model": "m", "usage": usage,
        "choices": [{"index": 0, "message": message, "finish_reason": finish, **choice}],
    }  # fmt: skip


def said(content: Any, finish: Any = "stop", **message: Any) -> dict[str, Any]:
    return chat({"role": "assistant", "content": content, **message}, finish)


def gemini(candidate: Any, **more: Any) -> dict[str, Any]:
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 5}
    return {"candidates": [candidate], "usageMetadata": usage, **more}


def parts(*texts: Any, finish: Any = "STOP") -> dict[str, Any]:
    return gemini({"content": {"role": "model", "parts": list(texts)}, "finishReason": finish})


# no answers: asked again, never recorded
ANY_FAULTS: list[Body] = [
    b"", b" \n", b"null", b"[]", b"[1, 2]", b'"text"', b"5", b"true", b"{}", b"{", b"Service unavailable",
    b"<html>busy</html>", b"\xff\xfe\xfa\x80", b"\x00\x01", b"[" * 100_000, b'{"a":' * 20_000,
    b'{"choices": ' + b"9" * 5_000 + b"}", {"error": {"message": "Rate limit exceeded", "code": 429}},
    {"error": "busy"}, {"error": [1]}, {"error": {"code": [5], "message": {"a": 1}}},
    {"code": "rate_limit_daily", "message": "Error code: 429"}, {"detail": "x"},
]  # fmt: skip
OPENAI_FAULTS: list[Body] = [
    {"choices": None}, {"choices": []}, {"choices": [None]}, {"choices": [5]}, {"choices": "x"},
    {"choices": {"message": {"content": "좋다"}}}, {"choices": [{}]}, {"choices": [{"message": None}]},
    {"choices": [{"message": "좋다"}]}, {"choices": [{"message": []}]},
    {"choices": [{"text": "좋다", "finish_reason": "stop"}]},
    {"choices": None, "error": {"message": "Provider returned error", "code": 502}},
    said("좋다") | {"error": {"message": "late", "code": 500}},
    chat(error={"code": 502, "message": "Provider returned error"}),
    said("", "error"), said("반쪽", "error"), said("반쪽", "insufficient_system_resource"),
    said(5), said({"questions": []}), said(True), said([5]), said([None]), said([["좋다"]]),
]  # fmt: skip
GEMINI_FAULTS: list[Body] = [
    {"candidates": None}, {"candidates": {}}, {"candidates": "x"}, gemini(None), gemini(5), gemini([]),
    gemini({"content": "좋다", "finishReason": "STOP"}), gemini({"content": [], "finishReason": "STOP"}),
    gemini({"content": {"parts": "좋다"}}), gemini({"content": {"parts": {"text": "좋다"}}}),
    parts("좋다"), parts(None), {"usageMetadata": {"promptTokenCount": 3}},
    {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}},
    parts({"text": "좋다"}) | {"error": {"message": "late"}},
]  # fmt: skip


def good(server: FakeServer, provider: str, text: str = "좋다") -> Reply:
    return server.chat(text) if provider == "openai" else server.gemini(text)


def recorded(bench: Any) -> int:
    with AnswerStore(bench.folder) as store:
        return len(store)


FAULTS = [(name, body) for name in ("openai", "gemini") for body in ANY_FAULTS]
FAULTS += [("openai", body) for body in OPENAI_FAULTS] + [("gemini", body) for body in GEMINI_FAULTS]


@pytest.mark.parametrize(("provider", "body"), FAULTS)
def test_what_is_no_answer_is_asked_again(bench: Any, server: Any, provider: str, body: Body) -> None:
    server.script = [Reply(body), good(server, provider)]
    (outcome,) = bench.client(provider=provider).complete(bench.requests(1), str)
    assert (outcome.status, outcome.value, server.calls, recorded(bench)) == ("ok", "좋다", 2, 1)


@pytest.mark.parametrize(("provider", "body"), FAULTS)
def test_among_answers_it_costs_its_own_row_alone(bench: Any, server: Any, provider: str, body: Body) -> None:
    def reply(asked: dict[str, Any]) -> Reply:
        return Reply(body) if "글 3" in server.asked(asked) else good(server, provider)

    server.default = reply
    client = bench.client(provider=provider, concurrency=1, max_tries=2)
    outcomes = client.complete(bench.requests(6), str)
    assert [outcome.status for outcome in outcomes] == ["ok", "ok", "ok", "failed", "ok", "ok"]
    assert (server.calls, recorded(bench)) == (5 + 2, 5)


# answers: one call, one record
OPENAI_ANSWERS: list[tuple[Body, str, str, str]] = [
    (said([{"type": "text", "text": "좋"}, {"type": "text", "text": "다"}]), "ok", "좋다", "stop"),
    (said(["좋", "다"]), "ok", "좋다", "stop"),
    (said([{"type": "thinking", "text": "초안"}, {"type": "text", "text": "좋다"}]), "ok", "좋다", "stop"),
    (said([{"type": "reasoning", "summary": []}, {"text": "좋다"}]), "ok", "좋다", "stop"),
    (said([]), "empty", "", "stop"),
    (said(None), "empty", "", "stop"),
    (said("", reasoning_content="초안", reasoning="초안"), "empty", "", "stop"),
    (said("좋다", reasoning_content="초안"), "ok", "좋다", "stop"),
    (said(None, "tool_calls", tool_calls=[{"function": {"arguments": "좋다"}}]), "empty", "", "tool_calls"),
    (said("좋다", tool_calls=[{"function": {}}]), "empty", "", "tool_calls"),
    (said(None, function_call={"name": "f", "arguments": "좋다"}), "empty", "", "tool_calls"),
    (said("좋다", tool_calls=[], function_call=None, refusal=None), "ok", "좋다", "stop"),
    (said(None, refusal="도와드릴 수 없습니다."), "blocked", "", "refusal"),
    (said([{"type": "refusal", "refusal": "안 됩니다"}]), "blocked", "", "refusal"),
    (said("좋다", "max_tokens"), "truncated", "좋다", "max_tokens"),
    (said("좋다", None), "ok", "좋다", "unstated"), (said("좋다", ""), "ok", "좋다", "unstated"),
    (said("좋다", "eos"), "ok", "좋다", "eos"), (said("좋다", 5), "ok", "좋다", "5"),
    (said("좋다", ["stop"]), "ok", "좋다", "['stop']"), (said("좋다", {"a": 1}), "ok", "좋다", "{'a': 1}"),
    (said("좋다", "x" * 10_000), "ok", "좋다", "x" * 200),
]  # fmt: skip
GEMINI_ANSWERS: list[tuple[Body, str, str, str]] = [
    (parts({"text": "좋"}, {"text": "다"}), "ok", "좋다", "STOP"),
    (parts({"text": "초안", "thought": True}, {"text": "좋다"}), "ok", "좋다", "STOP"),
    (parts({"functionCall": {"name": "f"}}), "empty", "", "STOP"),
    (parts({"text": 5}), "empty", "", "STOP"),
    (parts({"text": "좋다"}, finish=5), "ok", "좋다", "5"),
    (parts({"text": "좋다"}, finish=None), "ok", "좋다", "unstated"),
    (parts({"text": "좋다"}, finish=["STOP"]), "ok", "좋다", "['STOP']"),
    (gemini({"content": None, "finishReason": "STOP"}), "empty", "", "STOP"),
]
ANSWERS = [("openai", *row) for row in OPENAI_ANSWERS] + [("gemini", *row) for row in GEMINI_ANSWERS]


@pytest.mark.parametrize(("provider", "body", "status", "text", "finish"), ANSWERS)
def test_answers_of_odd_forms_are_final(
    bench: Any, server: Any, provider: str, body: Body, status: str, text: str, finish: str
) -> None:
    server.default = lambda _: Reply(body)
    for _ in range(2):
        (outcome,) = bench.client(provider=provider).complete(bench.requests(1), str)
        assert (outcome.status, outcome.text) == (status, text)
    assert server.calls == 1
    with AnswerStore(bench.folder) as store:
        (row,) = store
    assert (row.finish, row.status, row.text) == (finish, status, text)


USAGES: list[Any] = [
    None, [], "x", 5, True, {}, {"prompt_tokens": "10", "completion_tokens": 5}, {"prompt_tokens": 10.5},
    {"prompt_tokens": -1, "completion_tokens": -1}, {"prompt_tokens": True, "completion_tokens": []},
    {"prompt_tokens": 10**30, "completion_tokens": 1}, {"prompt_tokens": {"total": 1}},
]  # fmt: skip


@pytest.mark.parametrize("provider", ["openai", "gemini"])
@pytest.mark.parametrize("usage", USAGES)
def test_odd_usage_keeps_the_answer_and_counts_as_unmetered(
    bench: Any, server: Any, provider: str, usage: Any
) -> None:
    if provider == "openai":
        server.default = lambda _: Reply(chat() | {"usage": usage})
    else:
        renamed = {"prompt_tokens": "promptTokenCount", "completion_tokens": "candidatesTokenCount"}
        named = {renamed[key]: value for key, value in usage.items()} if isinstance(usage, dict) else usage
        server.default = lambda _: Reply(parts({"text": "좋다"}) | {"usageMetadata": named})
    client = bench.client(provider=provider)
    (outcome,) = client.complete(bench.requests(1), str)
    assert (outcome.value, server.calls) == ("좋다", 1)
    (counts,) = client.ledger.metrics()["questions"].values()
    assert counts["unmetered"] == 1
    assert 0 < counts["tokens_in"] < 1000


@pytest.mark.parametrize("provider", ["openai", "gemini"])
@pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/event-stream"}])
def test_a_stream_of_events_stops_with_a_sentence(
    bench: Any, server: Any, provider: str, headers: dict[str, str]
) -> None:
    stream = b'data: {"choices": [{"delta": {"content": "x"}}]}\n\ndata: [DONE]\n\n'
    server.default = lambda _: Reply(stream, headers=headers)
    with pytest.raises(LlmError, match="turn streaming off"):
        bench.client(provider=provider, concurrency=1).complete(bench.requests(3), str)
    assert (server.calls, recorded(bench)) == (1, 0)


@pytest.mark.parametrize("provider", ["openai", "gemini"])
@pytest.mark.parametrize("form", ["mark", "cp949", "gzip", "deflate"])
def test_other_forms_of_a_body_are_read(bench: Any, server: Any, provider: str, form: str) -> None:
    import zlib

    text = json.dumps(good(server, provider, "물은 왜 끓나요?").body, ensure_ascii=False)
    kinds: dict[str, Reply] = {
        "mark": Reply(text.encode("utf-8-sig")),
        "cp949": Reply(text.encode("cp949"), headers={"Content-Type": "application/json; charset=euc-kr"}),
        "gzip": Reply(gzip.compress(text.encode()), headers={"Content-Encoding": "gzip"}),
        "deflate": Reply(zlib.compress(text.encode()), headers={"Content-Encoding": "deflate"}),
    }
    server.default = lambda _: kinds[form]
    (outcome,) = bench.client(provider=provider).complete(bench.requests(1), str)
    assert (outcome.value, server.calls) == ("물은 왜 끓나요?", 1)


@pytest.mark.parametrize("provider", ["openai", "gemini"])
def test_bodies_are_bounded_before_and_after_they_are_unpacked(
    bench: Any, server: Any, provider: str
) -> None:
    bomb = gzip.compress(b" " * (64 * 1024 * 1024))
    plain = b" " * (17 * 1024 * 1024)
    server.script = [
        Reply(bomb, headers={"Content-Encoding": "gzip"}), Reply(plain),
        Reply(b"\x1f\x8bno", headers={"Content-Encoding": "gzip"}), good(server, provider),
    ]  # fmt: skip
    client = bench.client(provider=provider, timeout=60)
    (outcome,) = client.complete(bench.requests(1), str)
    assert (outcome.value, server.calls, recorded(bench)) == ("좋다", 4, 1)


@pytest.mark.parametrize("provider", ["openai", "gemini"])
@pytest.mark.parametrize(
    "value", ["9" * 400, "1e999", "-5", "nan", "soon", "Fri, 31 Dec 99999 23:59:59 GMT", "\xe9", "1e6"]
)
def test_a_wait_of_any_size_is_bounded(bench: Any, server: Any, provider: str, value: str) -> None:
    server.script = [server.error(429, retry_after=value), good(server, provider)]
    (outcome,) = bench.client(provider=provider).complete(bench.requests(1), str)
    assert (outcome.value, server.calls) == ("좋다", 2)
    assert all(0 <= wait <= 121 for wait in bench.waits)


ERROR_BODIES: list[Body] = [
    b"", b"<html>", b"[]", b"null", b"[" * 100_000, {"error": None}, {"error": 5}, {"error": ["x"]},
    {"error": {"code": ["x"], "message": ["y"], "details": 5}},
    {"error": {"details": [5, {"retryDelay": 5}]}},
    {"code": {}, "message": 5}, b"\xff\xfe",
]  # fmt: skip


@pytest.mark.parametrize("provider", ["openai", "gemini"])
@pytest.mark.parametrize("body", ERROR_BODIES)
def test_error_statuses_keep_their_meaning_whatever_their_body(
    bench: Any, server: Any, provider: str, body: Body
) -> None:
    server.script = [Reply(body, status=500), good(server, provider)]
    (outcome,) = bench.client(provider=provider).complete(bench.requests(1), str)
    assert (outcome.value, server.calls) == ("좋다", 2)
    server.default = lambda _: Reply(body, status=404)
    with pytest.raises(LlmError, match="the server answered 404"):
        bench.client(provider=provider, concurrency=1).complete(bench.requests(9)[1:], str)
