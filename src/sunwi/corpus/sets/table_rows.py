"""Rows of a published table: Parquet, JSON lines, CSV or TSV with a header, packed or not."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from sunwi.corpus.draft import Draft, Location
from sunwi.corpus.jsonl import objects_of
from sunwi.corpus.unpacking import PACKED_SUFFIXES

Rows = Iterator[tuple[Location, dict[str, Any]]]

SUFFIXES = (".parquet", ".jsonl", ".json", ".csv", ".tsv")
# How the published files without a header are read: the file name's first word to the columns.
WITHOUT_HEADER = {
    "topics": (("query-id", "text"),),
    "qrels": (("query-id", "iteration", "corpus-id", "score"), ("query-id", "corpus-id", "score")),
}
BATCH = 4096  # rows of a Parquet file in memory at a time


def table_suffix(path: Path) -> str | None:
    """The suffix of a table's file, or of what it packs; None where the file is no table."""
    plain = path.with_suffix("") if path.suffix.lower() in PACKED_SUFFIXES else path
    return plain.suffix.lower() if plain.suffix.lower() in SUFFIXES else None


def table_rows(path: Path, draft: Draft) -> Rows:
    """Each row with its place; column names are in lower case, as no public set tells two apart by case.

    Faults of the file are noted in the draft.
    """
    suffix = table_suffix(path)
    if suffix == ".parquet":
        rows = _parquet(path, draft)
    elif suffix in {".csv", ".tsv"}:
        rows = _separated(path, "," if suffix == ".csv" else "\t", draft)
    else:
        rows = objects_of(path, draft.open(path), draft)
    for place, values in rows:
        yield place, {str(name).strip().lower(): value for name, value in values.items()}


def first_row(path: Path) -> tuple[dict[str, Any], Rows, Draft]:
    """The first row, all rows, and the draft that gets the file's faults; the row is empty where none is."""
    noted = Draft()
    rows = table_rows(path, noted)
    first = next(rows, None)
    if first is None:
        return {}, iter(()), noted
    return first[1], chain([first], rows), noted


def _parquet(path: Path, draft: Draft) -> Rows:
    import pyarrow as arrow
    from pyarrow import parquet

    number = 0
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=BATCH):
                for values in batch.to_pylist():
                    number += 1
                    yield Location(path, number), values
    except (arrow.ArrowInvalid, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        draft.problems.append(Location(path).problem(f"it cannot be read as Parquet ({reason})"))


def _separated(path: Path, separator: str, draft: Draft) -> Rows:
    text = draft.open(path).text
    if text is None:
        return
    lines = io.StringIO(text, newline="")
    if separator == ",":
        reader = csv.reader(lines)
    else:
        reader = csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_NONE)
    header: tuple[str, ...] | None = None
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = _without_header(path, len(cells)) or tuple(cells)
                if header == tuple(cells):
                    continue
            place = Location(path, reader.line_num)
            if len(cells) != len(header):
                found = f"expected {len(header)} columns as in the first line, found {len(cells)}"
                draft.problems.append(place.problem(found))
                continue
            yield place, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        draft.problems.append(Location(path, reader.line_num).problem(f"it is no table ({error})"))


def _without_header(path: Path, columns: int) -> tuple[str, ...] | None:
    """The columns of a file whose published form has no header: MIRACL's topics and TREC's qrels."""
    known = WITHOUT_HEADER.get(path.name.lower().partition(".")[0], ())
    is_trec = path.name.lower().startswith(("topics.", "qrels."))
    return next((names for names in known if is_trec and len(names) == columns and columns != 3), None)
