"""A document's text as one string, and where each of its blocks stands in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sunwi.documents.blocks import Block
from sunwi.text import is_visible, normalise

CELL = " | "


@dataclass(frozen=True, slots=True)
class Placed:
    """A block with its text in normal form and where that begins in the document's text, in characters.

    `rows` are the lines of a table, of which the first `header_rows` are its header; empty for other blocks.
    """

    block: Block
    text: str
    start: int
    rows: tuple[str, ...] = ()
    header_rows: int = 0

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def place_blocks(blocks: Iterable[Block]) -> list[Placed]:
    """The blocks that have a text; the document's text is theirs, joined by line ends."""
    placed: list[Placed] = []
    start = 0
    for block in blocks:
        rows, header_rows = _table_rows(block)
        text = "\n".join(rows) if rows else normalise(block.text)
        if not is_visible(text):
            continue
        placed.append(Placed(block, text, start, rows, header_rows))
        start += len(text) + 1
    return placed


def text_of(placed: Iterable[Placed]) -> str:
    """The document's text, in which passages have their spans."""
    return "\n".join(one.text for one in placed)


def _table_rows(block: Block) -> tuple[tuple[str, ...], int]:
    """A table's rows as lines, without those of empty cells, and how many of them are the header.

    A table of one column has no rows to keep whole: Korean forms use it to frame a text.
    """
    if block.kind != "table" or max(map(len, block.rows), default=0) < 2:
        return (), 0
    lines = []
    header_rows = 0
    for number, row in enumerate(block.rows):
        cells = [" ".join(normalise(cell).split("\n")) for cell in row]
        if any(map(is_visible, cells)):
            lines.append(normalise(CELL.join(cells)))
            header_rows += number < block.header_rows
    return tuple(lines), header_rows
