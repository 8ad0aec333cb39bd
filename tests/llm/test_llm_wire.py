"""The reader of the wire form raises its own two faults and nothing else, whatever a server sends."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sunwi.llm.faults import Refused, Transient
from sunwi.llm.transport import decoded, unpacked
from sunwi.llm.wire import WireAnswer, error_body, read_body, read_chat, read_gemini

ODD: list[Any] = [
    None,
    True,
    -1,
    0,
    10**30,
    1.5,
    "",
    "x",
    "\ud83d",
    [],
    {},
    [None],
    {"a": 1},
    "stop",
    "error",
]
NAMES = [
    "choices", "message", "content", "finish_reason", "usage", "error", "refusal", "tool_calls", "text",
    "type", "candidates", "parts", "finishReason", "usageMetadata", "promptFeedback", "blockReason",
    "prompt_tokens", "promptTokenCount", "candidatesTokenCount", "thought", "model", "modelVersion",
    "code", "details",
]  # fmt: skip
VALUES = st.recursive(
    st.sampled_from(ODD) | st.text(max_size=5) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=20,
)
CODINGS = ["", "gzip", "deflate", "br", "gzip, gzip", "identity"]
GOOD_CHAT: dict[str, Any] = {
    "model": "m", "usage": {"prompt_tokens": 1, "completion_tokens": 2},
    "choices": [{"message": {"content": [{"type": "text", "text": "x"}]}, "finish_reason": "stop"}],
}  # fmt: skip
GOOD_GEMINI: dict[str, Any] = {
    "modelVersion": "m", "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 2},
    "candidates": [{"content": {"parts": [{"text": "x"}]}, "finishReason": "STOP"}],
}  # fmt: skip


def check(body: Any) -> None:
    for read in (read_chat, read_gemini):
        with suppress(Transient, Refused):
            answer = read(read_body(json.dumps(body)))
            assert isinstance(answer, WireAnswer)
            json.dumps([answer.text, answer.finish, answer.model], ensure_ascii=False).encode()  # can be kept
            assert len(answer.finish) <= 200
            for tokens in (answer.tokens_in, answer.tokens_out):
                assert tokens is None or (type(tokens) is int and 0 <= tokens <= 2 * 10**9)


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5))
def test_any_object(body: dict[str, Any]) -> None:
    check(body)
    json.dumps(error_body(json.dumps(body)))


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, child in inner for path in paths(child, (*at, key)))]


def replaced(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    if not path:
        return odd
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], odd)
    return copy


def test_a_good_reply_with_any_one_value_replaced() -> None:
    for good in (GOOD_CHAT, GOOD_GEMINI):
        for path in paths(good):
            for odd in ODD:
                check(replaced(good, path, odd))


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(CODINGS), st.text())
def test_any_bytes(data: bytes, coding: str, charset: str) -> None:
    with suppress(Transient, Refused):
        check(json.loads(json.dumps(dict(read_body(decoded(unpacked(data, coding), charset))))))
    error_body(data.decode("utf-8", "replace"))
