"""The key of a recorded answer: everything that shapes the answer, and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sunwi.llm.request import LlmRequest
from sunwi.params.llm import LlmParams


def request_key(request: LlmRequest, settings: LlmParams) -> str:
    """Hex sha256 of the canonical JSON of model, messages, sent schema, temperature and length limit.

    Provider and address are no part of it: whoever replays an answer has neither. Nor are the task and
    the row: equal chats are one call.
    """
    return _digest(
        {
            "max_tokens": settings.max_tokens,
            "messages": [[message.role, message.content] for message in request.messages],
            "model": settings.model,
            "schema": sent_schema(request, settings),
            "temperature": settings.temperature,
        }
    )


def repair_key(key: str, answer: str) -> str:
    """Key of the one repair of `answer`, which was recorded under `key`.

    The parser's complaint is no part of it: an answer is repaired once, and a parser that complains
    in other words buys no second repair.
    """
    return _digest({"answer": answer, "repair_of": key})


def sent_schema(request: LlmRequest, settings: LlmParams) -> Mapping[str, Any] | None:
    """The request's schema if the settings say that the API takes one."""
    return request.schema if settings.json_schema else None


def _digest(value: Mapping[str, Any]) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
