"""The interface of a provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sunwi.llm.answer import Answer
from sunwi.llm.credentials import Redactor
from sunwi.llm.request import Message
from sunwi.params.llm import LlmParams


class Provider(Protocol):
    """Makes single calls with the official SDK, whose own retries are off.

    It lives in one event loop. Nothing that it raises holds the SDK's error: that one holds the request
    with its headers, and so the key.
    """

    def __init__(self, settings: LlmParams, key: str, redact: Redactor) -> None: ...

    async def answer(self, messages: Sequence[Message], schema: Mapping[str, Any] | None) -> Answer:
        """One call's answer.

        Raises
        ------
        Transient
            If the call may succeed later.
        Refused
            If no call with these settings will succeed.
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...
