"""Units: the pieces of a section that a passage is packed of, none of which is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sunwi.documents.passages.layout import Placed
from sunwi.text import sentences_of

TokenCounter = Callable[[Sequence[str]], list[int]]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Unit:
    """A stretch of the document's text, in characters, and its tokens.

    `header` is that of the table which the unit is a row of: a passage that begins with the unit repeats it.
    It is empty for text, and for the unit that holds the header itself.
    """

    start: int
    end: int
    tokens: int
    page: int | None = None
    table: bool = False
    header: str = ""
    header_tokens: int = 0


def make_units(blocks: Sequence[Placed], budget: int, count: TokenCounter) -> Iterator[Unit]:
    """Whole blocks where they fit into `budget` tokens; else the sentences of a text, the rows of a table.

    A row that is over the budget by itself is cut at its sentence ends, and no sentence is cut. A header is
    repeated where it fits beside the row, and not where it takes over half of the budget.
    """
    for one, size in zip(blocks, count([one.text for one in blocks]), strict=True):
        if size <= budget:
            yield Unit(one.start, one.end, size, one.block.page, table=bool(one.rows))
        elif one.rows:
            yield from _rows(one, budget, count)
        else:
            spans = sentence_spans(one.text, one.start)
            for (start, end), tokens in zip(spans, _tokens(one, spans, count), strict=True):
                yield Unit(start, end, tokens, one.block.page)


def sentence_spans(text: str, start: int) -> list[Span]:
    """Spans of the sentences of a text that begins at `start`; only white space is between them."""
    ends: list[int] = []
    (sentences,) = sentences_of([text])
    for sentence in sentences:
        before = ends[-1] if ends else 0
        ends.append(text.index(sentence, before) + len(sentence))
    ends[-1:] = [len(text)]  # with what the analyser leaves behind the last one
    begins = [0, *(_skip_space(text, end) for end in ends[:-1])]
    return [(start + a, start + b) for a, b in zip(begins, ends, strict=True) if a < b]


def _skip_space(text: str, start: int) -> int:
    while start < len(text) and text[start].isspace():
        start += 1
    return start


def _rows(one: Placed, budget: int, count: TokenCounter) -> Iterator[Unit]:
    """A table's rows; its header is one with the first row below it, where both fit."""
    header = "\n".join(one.rows[: one.header_rows])
    header_tokens = count([header])[0] if header else 0
    spans = _row_spans(one)
    tokens = _tokens(one, spans, count)
    for number, ((start, end), size) in enumerate(zip(spans, tokens, strict=True)):
        if number == 0 and header and len(spans) > 1 and header_tokens + 1 + tokens[1] <= budget:
            continue
        if number == 1 and header and header_tokens + 1 + size <= budget:
            yield Unit(one.start, end, header_tokens + 1 + size, one.block.page, table=True)
            continue
        pieces = [(start, end)] if size <= budget else sentence_spans(_text(one, (start, end)), start)
        for (begin, stop), piece in zip(pieces, _tokens(one, pieces, count), strict=True):
            repeated = number > 0 and 2 * header_tokens <= budget and header_tokens + 1 + piece <= budget
            above, size_above = (header, header_tokens + 1) if repeated and header else ("", 0)
            yield Unit(begin, stop, piece, one.block.page, True, above, size_above)


def _row_spans(one: Placed) -> list[Span]:
    """Spans of the header, where there is one, and of the rows below it."""
    ends: list[int] = []
    start = one.start
    for row in one.rows:
        ends.append(start + len(row))
        start = ends[-1] + 1
    ends = ends[max(one.header_rows, 1) - 1 :]
    return list(zip([one.start, *(end + 1 for end in ends[:-1])], ends, strict=True))


def _tokens(one: Placed, spans: Sequence[Span], count: TokenCounter) -> list[int]:
    return count([_text(one, span) for span in spans])


def _text(one: Placed, span: Span) -> str:
    return one.text[span[0] - one.start : span[1] - one.start]
