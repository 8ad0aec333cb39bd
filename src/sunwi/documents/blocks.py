"""What a reader makes of a file: blocks in reading order, and what it noticed."""

from __future__ import annotations

from typing import Literal

from sunwi.records.row import Row

BlockKind = Literal["heading", "paragraph", "list_item", "table", "equation", "footnote"]


class Block(Row):
    """One piece of a document, in reading order.

    `text` is what is read: of a table, its rows joined by line ends and their cells by " | ". `level` is that
    of a heading (1 is the highest), else 0. `page` counts from 1 and is None where the format has no
    pages; `part` names the sheet or slide. `rows` holds a table's cells, of which the first `header_rows`
    rows are the header.
    """

    kind: BlockKind
    text: str
    level: int = 0
    page: int | None = None
    part: str | None = None
    rows: tuple[tuple[str, ...], ...] = ()
    header_rows: int = 0


class ReadDocument(Row):
    """A file that was read: `path` is relative to the folder that was given, with "/" and in NFC.

    `format` is what the content says (hwp, hwpx, pdf, docx, ...), `pages` None where the format has none.
    `warnings` are sentences for a person.
    """

    path: str
    format: str
    sha256: str
    reader: str
    pages: int | None = None
    blocks: tuple[Block, ...]
    warnings: tuple[str, ...] = ()

    def sort_key(self) -> tuple[str]:
        return (self.path,)
