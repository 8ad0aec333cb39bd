"""What is asked of a language model for one row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class LlmRequest:
    """One chat whose answer serves one row.

    Model, temperature and length limit are the client's settings (`sunwi.params.LlmParams`).

    Attributes
    ----------
    task
        "questions", "rerank" ...: groups the ledger and the exports of the cache.
    row
        Id of the row, for messages and errors; no part of the cache key, so equal chats cost one call.
    messages
        The chat so far.
    schema
        JSON schema of the answer, sent where the provider supports it.
    """

    task: str
    row: str
    messages: tuple[Message, ...]
    schema: Mapping[str, Any] | None = None
