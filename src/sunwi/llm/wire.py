"""Replies as providers send them, read strictly: an answer, a fault that may pass, or another kind.

What a reply with status 200 must have to be an answer is stated here and nowhere else. Everything else
is a fault: the request is sent again, and the reply is never recorded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sunwi.llm.answer import Answer, AnswerStatus, final_status, valid_unicode
from sunwi.llm.credentials import Redactor
from sunwi.llm.faults import Refused, Transient

CHECK_ADDRESS = "check llm.base_url: an OpenAI-compatible one usually ends with /v1"
_WORDS = 200  # characters of a server's text that are kept
_MOST_TOKENS = 10**9  # a count beyond it is no count
_TRUNCATED = {"length", "max_tokens", "max_output_tokens", "model_length"}
_BLOCKED = {"content_filter", "refusal", "safety", "recitation", "prohibited_content", "blocklist", "spii"}
FAULTS = {  # ends that are no answer's
    "error",
    "insufficient_system_resource",
    "abort",
    "aborted",
    "cancelled",
    "network_error",
    "timeout",
}
_TOOLS = {"tool_calls", "function_call"}
_THOUGHTS = {"thinking", "reasoning", "redacted_thinking", "reasoning_text"}
_GEMINI_ENDED = {"STOP", "FINISH_REASON_UNSPECIFIED", "unstated", "MAX_TOKENS"}


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """What a reply says; fields as in `sunwi.llm.answer.Answer`, `model` is "" if it names none."""

    text: str
    status: AnswerStatus
    finish: str
    tokens_in: int | None
    tokens_out: int | None
    model: str


def read_body(text: str) -> Mapping[str, Any]:
    """The JSON object of a reply.

    Raises
    ------
    Transient
        If it is empty, cut, a page, another JSON value, or an object that reports a fault.
    Refused
        If it is a stream of events: the next reply will be one, too.
    """
    bare = text.strip().removeprefix("\ufeff").lstrip()
    if not bare:
        raise Transient("the server's reply is empty")
    if bare.startswith(("data:", "event:", "id:", "retry:", ": ")):
        what = "the server streams its answer (server-sent events) though no stream was requested"
        raise Refused(what, "turn streaming off in the server or proxy of llm.base_url")
    if bare.startswith("<"):
        what = f"the reply is no answer but a page ({_brief(bare)})"
        raise Transient(what, next_step=CHECK_ADDRESS)
    try:
        body = json.loads(bare)
    except (ValueError, RecursionError):  # cut, no JSON, a number too long or nesting too deep for an answer
        if bare.startswith("{"):
            raise Transient("the server's reply was cut or no JSON") from None
        raise Transient(f"the reply is no JSON: {_brief(bare)}", next_step=CHECK_ADDRESS) from None
    if not isinstance(body, dict):
        what = f"the reply is no JSON object but {_brief(bare)}"
        raise Transient(what, next_step=CHECK_ADDRESS)
    if body.get("error"):
        raise _reported(body["error"])
    return body


def error_body(text: str) -> dict[str, dict[str, Any]]:
    """The body of a reply with an error status, in a form in which the SDKs find no fault."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = text
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return {"error": {"message": _word(error) or _brief(repr(error))}}
    error_fields: dict[str, Any] = {"message": _word(error.get("message")) or _brief(repr(error))}
    for name in ("code", "status", "type"):
        if isinstance(error.get(name), str) or _count(error.get(name)) is not None:
            error_fields[name] = error[name]
    if isinstance(error.get("details"), list):
        error_fields["details"] = [entry for entry in error["details"] if isinstance(entry, dict)]
    return {"error": error_fields}


def read_chat(body: Mapping[str, Any]) -> WireAnswer:
    """The answer of a chat completion (OpenAI API reference, "The chat completion object").

    Raises
    ------
    Transient
        If there is no choice with a message, or it ended in a fault.
    """
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices:
        if choices is None and "choices" not in body:
            what = f"the reply is no chat completion but {_brief(repr(dict(body)))}"
            raise Transient(what, next_step=CHECK_ADDRESS)
        raise Transient("the reply has no choices")
    choice = choices[0]
    if not isinstance(choice, dict):
        raise Transient("the reply's first choice is no object")
    if choice.get("error"):
        raise _reported(choice["error"])
    message = choice.get("message")
    if not isinstance(message, dict):
        raise Transient("the reply's first choice has no message")
    finish = _finish(choice.get("finish_reason"))
    if finish.lower() in FAULTS:
        raise Transient(f"the answer ended with {finish!r}")
    text, refused = _content(message.get("content"))
    refusal = message.get("refusal")
    if refused or (isinstance(refusal, str) and refusal.strip()):
        text, finish, blocked = "", "refusal", True  # its words are no answer
    elif any(message.get(name) for name in _TOOLS):
        text, finish, blocked = "", "tool_calls", False
    else:
        blocked = finish.lower() in _BLOCKED
    tokens_in, tokens_out = _usage(body.get("usage"), "prompt_tokens", ("completion_tokens",), needed=True)
    status = final_status(text, blocked=blocked, truncated=finish.lower() in _TRUNCATED)
    return WireAnswer(text, status, finish, tokens_in, tokens_out, _word(body.get("model")))


def read_gemini(body: Mapping[str, Any]) -> WireAnswer:
    """The answer of `generateContent` (Gemini API reference, "GenerateContentResponse").

    Raises
    ------
    Transient
        If there is neither a candidate nor the reason why the prompt was blocked.
    """
    # counts of zero are absent on the wire
    counts = ("candidatesTokenCount", "thoughtsTokenCount")
    tokens_in, tokens_out = _usage(body.get("usageMetadata"), "promptTokenCount", counts, needed=False)
    text, finish, blocked = _gemini_reading(body)
    status = final_status(text, blocked=blocked, truncated=finish == "MAX_TOKENS")
    return WireAnswer(text, status, finish, tokens_in, tokens_out, _word(body.get("modelVersion")))


def to_answer(read: Callable[[], WireAnswer], provider: str, model: str, redact: Redactor) -> Answer:
    """What `read` gives as an answer, and its faults, without the key: servers echo it.

    Raises
    ------
    Transient, Refused
        Those of `read`.
    """
    fault: Transient | Refused
    try:
        wire = read()
    except Transient as error:
        reason = redact.reason(error.reason)
        fault = Transient(reason, rate_limited=error.rate_limited, next_step=error.next_step)
    except Refused as error:
        fault = Refused(redact.reason(error.reason), error.next_step)
    else:
        return Answer(
            text=redact(wire.text),
            status=wire.status,
            finish=redact(wire.finish),
            tokens_in=wire.tokens_in,
            tokens_out=wire.tokens_out,
            served_by=redact(f"{provider}/{wire.model or model}"),
        )
    raise fault


def _gemini_reading(body: Mapping[str, Any]) -> tuple[str, str, bool]:
    feedback = body.get("promptFeedback")
    if isinstance(feedback, dict) and feedback.get("blockReason"):
        return "", f"prompt: {_word(feedback['blockReason'])}", True
    candidates = body.get("candidates")
    if not isinstance(candidates, list):
        if "candidates" not in body and "usageMetadata" not in body:
            what = f"the reply is no answer of Gemini but {_brief(repr(dict(body)))}"
            raise Transient(what, next_step="check llm.base_url")
        raise Transient("the reply has no candidates")
    if not candidates:
        return "", "no candidates", False
    candidate = candidates[0]
    if not isinstance(candidate, dict):
        raise Transient("the reply's first candidate is no object")
    content = candidate.get("content")
    parts = content.get("parts") if isinstance(content, dict) else None
    if not isinstance(content, dict | None) or not isinstance(parts, list | None):
        raise Transient("the content of the reply's first candidate cannot be read")
    texts = []
    for part in parts or []:
        if not isinstance(part, dict):
            raise Transient("a part of the reply's content is no object")
        if isinstance(part.get("text"), str) and not part.get("thought"):
            texts.append(part["text"])
    reason = candidate.get("finishReason")
    finish = _finish(reason)
    # every other reason (SAFETY, RECITATION, SPII ... and those to come) is a refusal that no call changes
    blocked = isinstance(reason, str) and finish not in _GEMINI_ENDED
    return valid_unicode("".join(texts)), finish, blocked


def _content(content: Any) -> tuple[str, bool]:
    """The text of a message, its parts joined, and whether it is a refusal."""
    if content is None or isinstance(content, str):
        return valid_unicode(content or ""), False
    if not isinstance(content, list):
        raise Transient(f"the message's content is neither text nor parts but {_brief(repr(content))}")
    texts = []
    for part in content:
        if isinstance(part, str):
            texts.append(part)
            continue
        if not isinstance(part, dict):
            raise Transient("a part of the message's content is neither text nor an object")
        kind = part.get("type")
        if kind == "refusal":
            return "", True
        if isinstance(part.get("text"), str) and not (isinstance(kind, str) and kind in _THOUGHTS):
            texts.append(part["text"])
    return valid_unicode("".join(texts)), False


def _usage(
    usage: Any, name_in: str, names_out: tuple[str, ...], *, needed: bool
) -> tuple[int | None, int | None]:
    """Tokens in and out; what is no whole number of a plausible size is unmetered."""
    if not isinstance(usage, dict):
        return None, None
    tokens_in = _count(usage.get(name_in))
    outs = [0 if usage.get(name) is None and not needed else _count(usage.get(name)) for name in names_out]
    known = [count for count in outs if count is not None]
    if len(known) < len(outs) or (tokens_in is None and not needed):
        return tokens_in, None
    return tokens_in, sum(known)


def _count(value: Any) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value <= _MOST_TOKENS else None


def _reported(error: Any) -> Transient:
    code = error.get("code") if isinstance(error, dict) else None
    said = error.get("message") if isinstance(error, dict) else None
    words = _word(said) or _brief(repr(error))
    return Transient(f"the gateway reports {words}", rate_limited=str(code)[:9] == "429")


def _finish(value: Any) -> str:
    return (
        _word(value) if isinstance(value, str) else _brief(repr(value)) if value is not None else ""
    ) or "unstated"


def _word(value: Any) -> str:
    return " ".join(valid_unicode(value[: 4 * _WORDS]).split())[:_WORDS] if isinstance(value, str) else ""


def _brief(text: str) -> str:
    return " ".join(valid_unicode(text[:_WORDS]).split())[:80]
