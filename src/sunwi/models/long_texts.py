"""Long texts: only the start that a model's tokens come from reaches its tokeniser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

CHARACTERS = 64  # of a text for each token of the window, before a text counts as long


def text_starts(tokenizer: Any, texts: Sequence[str], max_length: int) -> list[str]:
    """Each text, or of a long one the start from which the same first `max_length` tokens come.

    A start gives twice as many tokens as the window holds, or is the whole text, and ends at a space where
    there is one: tokenisers read words one by one, and within a word a token depends on a few neighbours.
    """
    return [_start(tokenizer, text, max_length) for text in texts]


def _start(tokenizer: Any, text: str, max_length: int) -> str:
    size = CHARACTERS * max_length
    while size < len(text):
        space = max(text.rfind(" ", size // 2, size), text.rfind("\n", size // 2, size))
        start = text[: space if space > 0 else size]
        tokens = tokenizer(start, add_special_tokens=False, truncation=False, verbose=False)["input_ids"]
        if len(tokens) >= 2 * max_length:
            return start
        size *= 2  # characters that give no token, or a word that is a single one
    return text
