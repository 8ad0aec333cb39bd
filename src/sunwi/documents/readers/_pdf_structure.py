"""dochan's blocks of a PDF with pdfium's spaces: the two are aligned by their characters without spaces."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from itertools import pairwise
from pathlib import Path

from sunwi.documents.blocks import Block
from sunwi.documents.readers._dochan_blocks import LIST_MARK, document_blocks
from sunwi.documents.readers._pdf_lines import Line
from sunwi.documents.readers._pdf_paragraphs import Layout, body_size, is_heading, layout
from sunwi.documents.readers._tables import table_block

MIN_CELL = 4  # characters of a cell that is looked up: shorter ones stand everywhere


def squeeze(text: str) -> str:
    """Characters in compatibility form without spaces: the same for both libraries."""
    return "".join(unicodedata.normalize("NFKC", text).split())


class Aligned:
    """The characters of all lines without spaces, and where each stands in its line."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self.places: list[tuple[int, int]] = []  # line, position in its text
        self.starts: list[int] = []
        pieces: list[str] = []
        for number, line in enumerate(lines):
            self.starts.append(len(self.places))
            for position, character in enumerate(line.text):
                piece = squeeze(character)
                pieces.append(piece)
                self.places.extend([(number, position)] * len(piece))
        self.characters = "".join(pieces)
        self.pages: dict[int, int] = {}  # where each page begins
        for number, line in enumerate(lines):
            self.pages.setdefault(line.page, self.starts[number])

    def find(self, text: str, page: int | None, after: int) -> tuple[int, int] | None:
        """Where a text stands: after what was read last, else from its page on, else anywhere."""
        key = squeeze(text)
        if not key:
            return None
        begin = self.pages.get(page or 0, 0)
        for start in (max(after, begin), begin, 0):
            if (found := self.characters.find(key, start)) >= 0:
                return found, found + len(key)
        return None

    def text(self, start: int, end: int) -> str:
        """The characters from `start` to `end` with the file's spaces; its line ends stay."""
        parts: list[str] = []
        first, last = self.places[start][0], self.places[end - 1][0]
        for number in range(first, last + 1):
            line = self.lines[number].text
            left = self.places[start][1] if number == first else 0
            right = self.places[end - 1][1] + 1 if number == last else len(line)
            parts.append(line[left:right])
        return "\n".join(parts)

    def line_of(self, position: int) -> int:
        return bisect_right(self.starts, position) - 1


def structured(path: Path, lines: list[Line], running: list[Line]) -> tuple[list[Block], list[str]] | None:
    """Blocks of a PDF and warnings; None if dochan gives nothing.

    Parameters
    ----------
    lines, running
        What pdfium finds, and what of it was left out as running heads and feet.
    """
    from dochan import Dochan

    document = Dochan(str(path)).doc
    blocks, left = document_blocks(document, marks=True)
    if not blocks or not lines:
        return None
    aligned = Aligned(lines)
    gone = {squeeze(line.text) for line in running}
    heads = {squeeze(block.text) for block in left.heads}
    placed: list[tuple[Block, tuple[int, int] | None]] = []
    after = 0
    covered = bytearray(len(aligned.characters))
    for block in blocks:
        if block.kind == "table":
            placed.append((_table(block, aligned, covered), None))
            continue
        span = aligned.find(block.text, block.page, after)
        if span is None:
            if not _is_made_of(squeeze(block.text), gone):
                placed.append((block, None))
            continue
        after = span[1]
        covered[span[0] : span[1]] = b"\1" * (span[1] - span[0])
        placed.append((block.model_copy(update={"text": aligned.text(*span)}), span))
    blocks = _joined(placed, aligned)
    lost = _lost(aligned, covered, blocks, heads)
    warnings = []
    if lost:
        blocks = _with_lost(blocks, lost)
        warnings.append(f"{len(lost)} lines without a place in the structure were taken from pdfium")
    return blocks, warnings


def _is_made_of(text: str, gone: set[str]) -> bool:
    """Whether a text is nothing but lines that were left out, one after the other."""
    while text:
        start = max((line for line in gone if text.startswith(line)), key=len, default="")
        if not start:
            return False
        text = text[len(start) :]
    return True


def _table(block: Block, aligned: Aligned, covered: bytearray) -> Block:
    """The table with pdfium's spaces in its longer cells."""
    rows, after = [], aligned.pages.get(block.page or 0, 0)
    for row in block.rows:
        cells = []
        for cell in row:
            span = aligned.find(cell, block.page, after)
            if span is not None:
                covered[span[0] : span[1]] = b"\1" * (span[1] - span[0])
                if span[0] >= after:
                    after = span[1]
            if span is not None and span[1] - span[0] >= MIN_CELL:
                cells.append(" ".join(aligned.text(*span).split()))
            else:
                cells.append(cell)
        rows.append(cells)
    made = table_block(rows, header_rows=block.header_rows, page=block.page, part=block.part)
    return made or block


def _joined(placed: list[tuple[Block, tuple[int, int] | None]], aligned: Aligned) -> list[Block]:
    """Blocks that the lines' places show to be one paragraph become one; a heading like text is text."""
    lines_placed, body = layout(aligned.lines), body_size(aligned.lines)
    blocks: list[Block] = []
    last: int | None = None  # the line on which the block before ends
    for block, span in placed:
        if span is None:
            blocks.append(block)
            last = None
            continue
        first, end = aligned.line_of(span[0]), aligned.line_of(span[1] - 1)
        kind = block.kind
        if kind == "heading" and not is_heading(aligned.lines[first], body):
            kind = "list_item" if LIST_MARK.match(block.text) else "paragraph"
        one = block.model_copy(update={"kind": kind, "level": block.level if kind == "heading" else 0})
        before = blocks[-1] if blocks else None
        if before is not None and last is not None and _is_one(before, one, lines_placed, last, first):
            text = f"{before.text}\n{one.text}"
            blocks[-1] = before.model_copy(update={"text": text})
        else:
            blocks.append(one)
        last = end
    return blocks


def _is_one(before: Block, block: Block, placed: Layout, last: int, first: int) -> bool:
    joinable = {before.kind, block.kind} <= {"paragraph", "list_item"}
    return joinable and first == last + 1 and placed.continues(last, first)


def _lost(aligned: Aligned, covered: bytearray, blocks: list[Block], running: set[str]) -> list[Line]:
    """Lines of which no block has the text, most of whose characters no block covers."""
    read = squeeze(" ".join(block.text for block in blocks))
    bounds = [*aligned.starts, len(aligned.characters)]
    lost = []
    for line, (start, end) in zip(aligned.lines, pairwise(bounds), strict=True):
        if 2 * sum(covered[start:end]) >= end - start or squeeze(line.text) in running:
            continue
        words = [squeeze(word) for word in line.text.split()]
        if any(word not in read for word in words):
            lost.append(line)
    return lost


def _with_lost(blocks: list[Block], lost: list[Line]) -> list[Block]:
    """Each lost line after the last block of its page."""
    made = [*blocks, *(Block(kind="paragraph", text=line.text, page=line.page) for line in lost)]
    return sorted(made, key=lambda block: block.page or 0)
