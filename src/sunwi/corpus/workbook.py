"""Excel workbooks (xlsx): the one sheet that has the columns, read by openpyxl."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sunwi.corpus.draft import Draft, Location
from sunwi.corpus.table_header import BLANK_ROWS, Rows, composed, has_columns
from sunwi.corpus.unpacking import MAX_UNPACKED

Cells = tuple[Any, ...]


def workbook_rows(path: Path, wanted: Sequence[str], draft: Draft) -> Rows:
    """The rows below the header of the sheet that has the wanted columns; other sheets are counted.

    Formulas are read as the values that Excel saved; whole numbers of a text column as their digits.
    """
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
        if size > MAX_UNPACKED:
            draft.problems.append(
                Location(path).problem(f"the workbook unpacks to {size:,} bytes; save it as CSV")
            )
            return
        book = load_workbook(io.BytesIO(path.read_bytes()), read_only=True, data_only=True)
        sheets = {sheet.title: _filled_rows(path, sheet) for sheet in book.worksheets}
        headers = {title: next(rows, None) for title, rows in sheets.items()}
    except Exception as error:  # openpyxl has no error of its own: a damaged part may raise any
        what = (
            f"the Excel workbook cannot be read ({type(error).__name__}: {str(error)[:200]}); save it as CSV"
        )
        draft.problems.append(Location(path).problem(what))
        return
    with_columns = [
        title for title, first in headers.items() if first and set(wanted) <= set(_names(first[1]))
    ]
    if len(with_columns) > 1:
        what = f"the sheets {', '.join(map(repr, with_columns))} have the columns; keep the one that is meant"
        draft.problems.append(Location(path).problem(what))
        return
    title = next(iter(with_columns or [title for title, first in headers.items() if first]), None)
    if title is None:
        draft.problems.append(Location(path).problem("expected rows in a sheet, found none"))
        return
    for other, first in headers.items():
        if other != title and first:
            draft.counted[f"sheet '{other}' of {path.name} is not used"] += 1
    first = headers[title]
    assert first is not None  # so it was chosen
    yield from _rows(path, first, sheets[title], wanted, draft)


def _rows(
    path: Path,
    first: tuple[Location, Cells],
    below: Iterator[tuple[Location, Cells]],
    wanted: Sequence[str],
    draft: Draft,
) -> Rows:
    header = _names(first[1])
    if not has_columns(first[0], [name for name in header if name], wanted, draft):
        return
    place = first[0]
    try:
        for place, cells in below:
            if all(cell is None or not str(cell).strip() for cell in cells):
                draft.counted[f"{path.name}: {BLANK_ROWS}"] += 1
                continue
            values = [*cells, *[None] * (len(header) - len(cells))]
            yield place, {name: _text(value) for name, value in zip(header, values, strict=False) if name}
    except Exception as error:  # as above: the sheet is read as it is walked
        what = f"the sheet cannot be read from here on ({type(error).__name__}: {str(error)[:200]})"
        draft.problems.append(place.problem(what))


def _filled_rows(path: Path, sheet: Any) -> Iterator[tuple[Location, Cells]]:
    """The rows from the first that is not blank on, with their places."""
    started = False
    for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        started = started or any(cell is not None and str(cell).strip() for cell in cells)
        if started:
            yield Location(path, inside=f"sheet {sheet.title!r}, row {number}"), cells


def _names(cells: Cells) -> list[str]:
    return ["" if cell is None else composed(str(cell).strip()) for cell in cells]


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
