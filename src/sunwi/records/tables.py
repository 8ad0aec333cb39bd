"""Tables as CSV, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from sunwi.records.files import write_lines

Cell = str | int | float | None
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs a text cell that begins so (OWASP)


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Cell]]) -> None:
    """Write RFC 4180 records with "\\n" ends, atomically; an undefined value is an empty field.

    A text that a spreadsheet would run as a formula gets an apostrophe before it; `read_csv` takes it away.
    """
    write_lines(path, _csv_lines([columns, *([row[column] for column in columns] for row in rows)]))


def _csv_lines(records: Iterable[Sequence[Cell]]) -> Iterator[str]:
    for record in records:
        line = io.StringIO()
        csv.writer(line).writerow(map(guarded, record))  # it quotes the characters of its own line end alone
        yield line.getvalue().removesuffix("\r\n")


def read_csv(path: Path) -> list[dict[str, str]]:
    """The rows that `write_csv` wrote, by column."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines)
        return [{column: unguarded(cell) for column, cell in row.items()} for row in rows]


def guarded(cell: Cell) -> Cell:
    """The cell with an apostrophe before a text that is a formula, or that would be read back as guarded.

    Examples
    --------
    >>> [guarded(cell) for cell in ("=1+2", "'=1+2", "물", -1.5)]
    ["'=1+2", "''=1+2", '물', -1.5]
    """
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip("'").startswith(FORMULA) else cell


def unguarded(cell: str) -> str:
    """The text that `guarded` was given."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA) else cell
