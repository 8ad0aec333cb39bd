"""Tables as blocks: empty rows and columns go, the header is found, a box of one cell is no table."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sunwi.documents.blocks import Block

CELL = " | "
_NUMBER = re.compile(r"[\s\d.,:%/+\-()△▲₩$￦원]*")


def table_block(
    rows: Sequence[Sequence[str]],
    *,
    header_rows: int | None = None,
    page: int | None = None,
    part: str | None = None,
) -> Block | None:
    """A table of these cells, or None where all are empty.

    Parameters
    ----------
    header_rows
        As the file says; None: the first row is a header if each of its cells has text that is no number.

    Examples
    --------
    >>> table_block([["", "이름", "값"], ["", "가", "1"]]).rows
    (('이름', '값'), ('가', '1'))
    """
    width = max((len(row) for row in rows), default=0)
    cells = [[" ".join(cell.split()) for cell in row] + [""] * (width - len(row)) for row in rows]
    filled = [row for row in cells if any(row)]
    columns = [index for index in range(width) if any(row[index] for row in filled)]
    table = tuple(tuple(row[index] for index in columns) for row in filled)
    if not table:
        return None
    if header_rows is None:
        header_rows = int(len(table) > 1 and all(cell and not _NUMBER.fullmatch(cell) for cell in table[0]))
    text = "\n".join(CELL.join(row) for row in table)
    header_rows = min(header_rows, len(table) - 1)
    return Block(kind="table", text=text, page=page, part=part, rows=table, header_rows=header_rows)
