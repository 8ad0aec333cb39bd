"""Usage, encodings, sizes and waits of odd kinds; the outcome of each reply is in test_llm_fault_table.py."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from tests.llm_server import FakeServer, Reply

from sunwi.errors import LlmError
from sunwi.llm.store import AnswerStore

Body = Any


def chat(message: Any = None) -> dict[str, Any]:
    message = {"role": "assistant", "content": "좋다"} if message is None else message
    usage = {"prompt_tokens": 10, "completion_tokens": 5}
    return {
        "model": "m", "usage": usage,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }  # fmt: skip


def parts(*texts: Any) -> dict[str, Any]:
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 5}
    candidate = {"content": {"role": "model", "parts": list(texts)}, "finishReason": "STOP"}
    return {"candidates": [candidate], "usageMetadata": usage}


def good(server: FakeServer, provider: str, text: str = "좋다") -> Reply:
    return server.chat(text) if provider == "openai" else server.gemini(text)


def recorded(bench: Any) -> int:
    with AnswerStore(bench.folder) as store:
        return len(store)


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
