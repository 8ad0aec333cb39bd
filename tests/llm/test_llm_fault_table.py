"""One table of replies for each SDK: the outcome, the calls that the server saw, and what is recorded."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import Any

import pytest
from tests.llm_server import FakeServer, Reply

from sunwi.errors import LlmError
from sunwi.llm.outcome import Outcome
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


# answers: final, one call, one record: body, status, text, finish
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
GEMINI_ANSWERS += [
    (gemini({"finishReason": reason}), status, "", reason)
    for reason, status in [("SAFETY", "blocked"), ("RECITATION", "blocked"), ("A_REASON_TO_COME", "blocked"),
                           ("MAX_TOKENS", "truncated"), ("STOP", "empty")]
]  # fmt: skip
GEMINI_ANSWERS += [
    (parts({"text": "좋다"}, finish="MAX_TOKENS"), "truncated", "좋다", "MAX_TOKENS"),
    (parts({"text": "반쪽 \ud83d"}), "ok", "반쪽 \ufffd", "STOP"),
    (parts({"inlineData": {"data": "AA=="}}, {"text": "좋다"}), "ok", "좋다", "STOP"),
    (parts({"text": ""}, {"text": " \n"}), "empty", " \n", "STOP"),
    ({"candidates": []}, "empty", "", "no candidates"),
    ({"promptFeedback": {"blockReason": "SAFETY"}}, "blocked", "", "prompt: SAFETY"),
    (parts({"text": "좋다"}) | {"usageMetadata": "x", "modelVersion": 5}, "ok", "좋다", "STOP"),
    (parts({"text": "좋다"}) | {"error": None, "promptFeedback": {}}, "ok", "좋다", "STOP"),
]  # fmt: skip
OPENAI_ANSWERS += [
    (said("반쪽 \ud83d"), "ok", "반쪽 \ufffd", "stop"),
    (said("좋다", "content_filter"), "blocked", "좋다", "content_filter"),
    (said("좋다", "SAFETY"), "blocked", "좋다", "SAFETY"),
    (said("좋다", "length"), "truncated", "좋다", "length"),
    (said("좋다") | {"error": None, "usage": "x", "model": 5}, "ok", "좋다", "stop"),
    (said(" \n"), "empty", " \n", "stop"),
]  # fmt: skip
SSE = b'data: {"choices": [{"delta": {"content": "x"}}]}\n\ndata: [DONE]\n\n'
PACKED = {"Content-Encoding": "gzip"}
# statuses, headers and forms of a body; the calls that one row takes, 0: the run stops after one
REPLIES: list[tuple[Reply, int]] = [
    *((Reply({"error": {"message": "x"}}, status), 2) for status in (408, 429, 500, 502, 503, 504, 529)),
    *((Reply({"error": {"message": "x"}}, status), 0) for status in (400, 401, 402, 403, 404, 405, 422)),
    (Reply(b"", 500), 2), (Reply(b"<html>bad gateway</html>", 502), 2), (Reply(b"[", 503), 2),
    (Reply(b"", 429, {"Retry-After": "9" * 400}), 2), (Reply(b"", 503, {"Retry-After": "soon"}), 2),
    *((Reply(b"", status, {"Location": "http://127.0.0.1:9/v1"}), 0) for status in (301, 302, 307, 308)),
    (Reply(SSE), 0), (Reply(SSE, headers={"Content-Type": "text/event-stream"}), 0),
    (Reply(b": ping\n\n" + SSE), 0), (Reply(b"event: message\n" + SSE), 0),
    (Reply(gzip.compress(b"{}")[:-4], headers=PACKED), 2), (Reply(b"no gzip", headers=PACKED), 2),
    (Reply(gzip.compress(b" " * (17 * 1024 * 1024)), headers=PACKED), 2),
    (Reply(b"{}", headers={"Content-Encoding": "br"}), 0),
    (Reply("물".encode("cp949")), 2),
    (Reply(b"{}", headers={"Content-Type": "text/html; charset=no-such"}), 2),
    (Reply(b"{}", cut=True), 2),
]  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A reply, and what one row of a run makes of it."""

    provider: str
    reply: Reply
    calls: int  # that one row takes if the next reply is a good answer; 0: the run stops after one call
    status: str = "ok"
    text: str = "좋다"
    finish: str = "stop"


def rows(provider: str, faults: list[Body], answers: list[tuple[Body, str, str, str]]) -> list[Row]:
    end = "stop" if provider == "openai" else "STOP"
    return [
        *(Row(provider, Reply(body), 2, finish=end) for body in [*ANY_FAULTS, *faults]),
        *(Row(provider, reply, calls, finish=end) for reply, calls in REPLIES),
        *(Row(provider, Reply(body), 1, *outcome) for body, *outcome in answers),
    ]


OPENAI = rows("openai", OPENAI_FAULTS, OPENAI_ANSWERS)
GEMINI = rows("gemini", GEMINI_FAULTS, GEMINI_ANSWERS)


def good(server: FakeServer, provider: str) -> Reply:
    return server.chat("좋다") if provider == "openai" else server.gemini("좋다")


def test_the_table_has_60_replies_for_each_sdk() -> None:
    assert min(len(OPENAI), len(GEMINI)) >= 60


@pytest.mark.parametrize("row", OPENAI + GEMINI, ids=lambda row: f"{row.provider}-{row.calls}")
def test_a_reply_costs_its_own_row_alone(bench: Any, server: Any, row: Row) -> None:
    """Four rows: good, the reply once, the reply for good, good; and a second run over the record."""
    script = [row.reply, good(server, row.provider)]

    def reply(body: dict[str, Any]) -> Reply:
        text = server.asked(body)
        if "글 1" in text and script:
            return script.pop(0)
        return row.reply if "글 2" in text else good(server, row.provider)

    server.default = reply
    run = bench.client(provider=row.provider, concurrency=1, max_tries=2)
    if not row.calls:
        with pytest.raises(LlmError, match=r"1 of 4 rows are answered and kept\. Next: "):
            run.complete(bench.requests(4), str)
        assert (server.calls, len(recorded(bench))) == (2, 1)
        return
    outcomes: list[Outcome[str]] = run.complete(bench.requests(4), str)
    last = row.status if row.calls == 1 else "failed"
    assert [outcome.status for outcome in outcomes] == ["ok", row.status, last, "ok"]
    assert outcomes[1].text == row.text
    assert outcomes[2].text == (row.text if row.calls == 1 else "")
    assert server.calls == 2 + 2 * row.calls
    record = recorded(bench)
    assert len(record) == (4 if row.calls == 1 else 3)
    assert (row.status, row.text, row.finish) in [(kept.status, kept.text, kept.finish) for kept in record]
    calls = server.calls
    again = bench.client(provider=row.provider).complete(bench.requests(2), str)
    assert [outcome.status for outcome in again] == ["ok", row.status]
    assert server.calls == calls


def recorded(bench: Any) -> list[Any]:
    with AnswerStore(bench.folder) as store:
        return list(store)
