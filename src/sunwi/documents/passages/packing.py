"""Packing: units are put into passages from the start on, each as full as the limit allows."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sunwi.documents.passages.units import Span, TokenCounter, Unit


@dataclass(slots=True)
class Packed:
    """A passage: its span in the document's text, a table's header to stand before it, its first page."""

    start: int
    end: int
    header: str
    page: int | None
    tokens: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many sentences before its first a passage repeats, and all sentences of the section, rising."""

    sentences: int
    spans: Sequence[Span]
    text: str
    count: TokenCounter = field(repr=False)

    def before(self, unit: Unit, last: Packed, budget: int) -> tuple[int, int]:
        """Where the sentences to repeat begin, and their tokens.

        They stand directly before the unit and in the passage before; none before a row of a table, and
        together at most half the budget and what the unit leaves of it.
        """
        start, tokens = unit.start, 0
        if unit.table:
            return start, tokens
        index = bisect_right(self.spans, unit.start, key=lambda span: span[1])
        for begin, end in reversed(self.spans[max(0, index - self.sentences) : index]):
            if begin < last.start or self.text[end:start].strip():  # a table is between
                break
            size = self.count([self.text[begin : unit.start]])[0] + 1
            if 2 * size > budget or unit.tokens + size > budget:
                break
            start, tokens = begin, size
        return start, tokens


def pack(units: Iterable[Unit], budget: int, overlap: Overlap | None = None) -> list[Packed]:
    """Passages of whole units, of at most `budget` tokens unless one unit alone has more.

    What comes later never moves the end of a passage that is full, so ids and texts stay (greedy packing).
    """
    passages: list[Packed] = []
    for unit in units:
        last = passages[-1] if passages else None
        if last is not None and last.tokens + 1 + unit.tokens <= budget:  # 1: a line end may be a token
            last.end = unit.end
            last.tokens += 1 + unit.tokens
            continue
        start, repeated = (unit.start, 0)
        if overlap is not None and last is not None:
            start, repeated = overlap.before(unit, last, budget)
        tokens = unit.tokens + unit.header_tokens + repeated
        passages.append(Packed(start, unit.end, unit.header, unit.page, tokens))
    return passages
