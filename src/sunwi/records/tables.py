"""Tables as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from sunwi.records.files import write_lines

Cell = str | int | float | None


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Cell]]) -> None:
    """Write RFC 4180 records with "\\n" ends, atomically; an undefined value is an empty field."""
    write_lines(path, _csv_lines([columns, *([row[column] for column in columns] for row in rows)]))


def _csv_lines(records: Iterable[Sequence[Cell]]) -> Iterator[str]:
    for record in records:
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(record)
        yield line.getvalue()
