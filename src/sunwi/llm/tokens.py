"""Tokens of a chat before it is sent: what to expect, and what it cannot exceed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sunwi.llm.request import Message

PER_MESSAGE = 4  # role and separators of common chat templates
MOST_PER_MESSAGE = 16
_PER_ASCII = 0.25
_PER_OTHER = 0.7  # a Hangul syllable; vocabularies of 100k to 200k entries need .5 to .9


def expected_tokens(messages: Sequence[Message], schema: Mapping[str, Any] | None = None) -> int:
    """A rough expectation without the model's own vocabulary.

    >>> expected_tokens([Message("user", "한국어 문장")])
    8
    """
    total = 0.0
    for text in _texts(messages, schema):
        ascii_count = sum(char.isascii() for char in text)
        total += _PER_ASCII * ascii_count + _PER_OTHER * (len(text) - ascii_count)
    return round(total) + PER_MESSAGE * len(messages)


def most_tokens(messages: Sequence[Message], schema: Mapping[str, Any] | None = None) -> int:
    """An upper bound: byte-level vocabularies give at most a token a byte, templates add a little."""
    size = sum(len(text.encode("utf-8", "replace")) for text in _texts(messages, schema))
    return size + MOST_PER_MESSAGE * (len(messages) + 1)


def _texts(messages: Sequence[Message], schema: Mapping[str, Any] | None) -> list[str]:
    texts = [message.content for message in messages]
    return [*texts, json.dumps(schema, ensure_ascii=False)] if schema is not None else texts
