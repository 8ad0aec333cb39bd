"""Windows: a text that a model cannot read at once, as overlapping pieces that it can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sunwi.errors import ModelError

OVERLAP = 0.25  # share of a window that the next one repeats at least
STEP_TEXTS = 512  # texts whose tokens are held at a time


@dataclass(frozen=True, slots=True)
class Reading:
    """How far a model reads texts, and the pieces that hold the rest.

    Attributes
    ----------
    tokens
        Of each text, without special ones and prefix, [texts].
    room
        Tokens of a text that the model reads at once.
    pieces
        Windows behind the start of the texts that have more tokens.
    owners
        Row of each piece's text, rising, [pieces].
    """

    tokens: npt.NDArray[np.int64]
    room: int
    pieces: list[str]
    owners: npt.NDArray[np.int64]

    @property
    def long(self) -> int:
        """Texts with more tokens than are read at once."""
        return int((self.tokens > self.room).sum())

    @property
    def beyond(self) -> int:
        """Tokens behind those that are read at once."""
        return int(np.maximum(self.tokens - self.room, 0).sum())

    def facts(self) -> dict[str, int]:
        """The same in numbers, for metrics."""
        longest = int(self.tokens.max(initial=0))
        median = int(np.median(self.tokens)) if len(self.tokens) else 0
        return {
            "texts": len(self.tokens),
            "tokens": int(self.tokens.sum()),
            "median_tokens": median,
            "longest_tokens": longest,
            "read_at_once": self.room,
            "longer": self.long,
            "tokens_beyond": self.beyond,
        }


def read_in_windows(
    tokenizer: Any, texts: Sequence[str], max_length: int, prefix: str = "", spec: str = ""
) -> Reading:
    """Tokens of each text, and the pieces behind the first `max_length` tokens.

    The windows of a text, its start among them, are spread evenly over it. Each has as many tokens as the
    model reads beside the prefix and its special tokens. It begins at a word; the last one ends with the
    text.

    Raises
    ------
    ModelError
        If `max_length` leaves no room beside the prefix, or the tokeniser cannot say where a token stands.
    """
    special = len(tokenizer(prefix)["input_ids"])
    room = max_length - special
    if room < 1:
        found = f"{max_length} tokens leave no room beside the {special} of the prefix"
        raise ModelError(spec, found, "raise encoder.max_length and encoder.query_max_length")
    if not tokenizer.is_fast:
        found = "its tokeniser cannot tell where in a text a token stands"
        raise ModelError(spec, found, "use a model with a tokenizer.json")
    tokens: list[int] = []
    pieces: list[str] = []
    owners: list[int] = []
    how = {"add_special_tokens": False, "return_offsets_mapping": True, "verbose": False}
    for start in range(0, len(texts), STEP_TEXTS):
        part = list(texts[start : start + STEP_TEXTS])
        for row, offsets in enumerate(tokenizer(part, **how)["offset_mapping"], start=start):
            tokens.append(len(offsets))
            found_pieces = _pieces(texts[row], offsets, room)
            pieces += found_pieces
            owners += [row] * len(found_pieces)
    return Reading(np.array(tokens, dtype=np.int64), room, pieces, np.array(owners, dtype=np.int64))


def _pieces(text: str, offsets: Sequence[tuple[int, int]], room: int) -> list[str]:
    pieces = []
    for first in window_starts(len(offsets), room)[1:]:
        begin, end = offsets[first][0], offsets[min(first + room, len(offsets)) - 1][1]
        repeated = offsets[first + int(room * OVERLAP)][0]  # so much the window before has read, too
        word = next((at for at in range(begin, repeated + 1) if text[at - 1].isspace()), begin)
        if piece := text[word:end].strip():  # within a word, tokens depend on what is before
            pieces.append(piece)
    return pieces


def window_starts(tokens: int, room: int) -> list[int]:
    """First token of each window of `room` tokens; the last window ends with the text.

    Examples
    --------
    >>> window_starts(10, 10), window_starts(11, 8), window_starts(20, 8)
    ([0], [0, 3], [0, 6, 12])
    """
    if tokens <= room:
        return [0]
    step = max(1, int(room * (1 - OVERLAP)))
    count = 1 - (room - tokens) // step  # the first and those of the rest, rounded up
    return [window * (tokens - room) // (count - 1) for window in range(count)]
