"""Passages from plain text, CSV, TSV and Parquet, by column names."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from sunwi.corpus.draft import Draft, Place
from sunwi.corpus.importer import Importer
from sunwi.records.corpus import Document
from sunwi.runtime import text_hash

SEPARATORS = {".csv": ",", ".tsv": "\t"}
Rows = Iterator[tuple[Place, dict[str, Any]]]


def read_table(
    file: Annotated[Path, ".csv, .tsv, .parquet, or plain text."],
    *,
    content: Annotated[str, "Column of the passages."] = "content",
    docid: Annotated[str | None, "Column of the ids; else made from the content."] = None,
    title: Annotated[str | None, "Column of the titles."] = None,
    src: Annotated[str | None, "Column that says where a passage is from."] = None,
) -> Draft:
    """Read passages from a table (.csv, .tsv, .parquet) or, by any other suffix, from plain text.

    Parameters
    ----------
    content, docid, title, src
        Names of the table's columns; other columns are counted as not used. Without `docid` the ids are
        made from the content's hash, and the second of two same contents has an id that ends in "-2".
        Plain text has no columns: passages are separated by empty lines, or else each line is one.
    """
    draft = Draft()
    columns = {"content": content}
    columns |= {k: v for k, v in {"docid": docid, "title": title, "src": src}.items() if v is not None}
    suffix = file.suffix.lower()
    if suffix == ".parquet":
        rows = _parquet_rows(file, columns.values(), draft)
    elif suffix in SEPARATORS:
        rows = _separated_rows(file, SEPARATORS[suffix], columns.values(), draft)
    else:
        columns = {"content": content}
        rows = ((place, {content: passage}) for place, passage in _passages(file, draft))
    seen: Counter[str] = Counter()
    for place, given in rows:
        values, names = dict(given), columns
        if "docid" not in columns:
            names = {**columns, "docid": "docid made from the content"}
            values["docid made from the content"] = _made_id(values[content], seen)
        row = draft.parse(place, Document, values, names)
        if row is not None:
            draft.documents.append((place, row))
    return draft


def _made_id(content: Any, seen: Counter[str]) -> str:
    digest = text_hash(str(content))[:16]
    seen[digest] += 1
    return digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"


def _passages(path: Path, draft: Draft) -> Iterator[tuple[Place, str]]:
    lines = draft.open(path).lines
    filled = [number for number, line in enumerate(lines, start=1) if line is None or line.strip()]
    in_blocks = any(later - earlier > 1 for earlier, later in pairwise(filled))
    block: list[int] = []
    for number in filled:
        if block and not (in_blocks and number == block[-1] + 1):
            yield _joined(path, lines, block)
            block = []
        block.append(number)
    if block:
        yield _joined(path, lines, block)


def _joined(path: Path, lines: list[str | None], block: list[int]) -> tuple[Place, str]:
    return Place(path, block[0]), "\n".join(lines[number - 1] or "" for number in block)


def _separated_rows(path: Path, separator: str, wanted: Iterable[str], draft: Draft) -> Rows:
    text = draft.open(path).text
    if text is None:
        return
    csv.field_size_limit(2**31 - 1)  # the default refuses passages of more than 131,072 characters
    table = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    header: list[str] | None = None
    try:
        for cells in table:
            place, line = Place(path, line), table.line_num + 1
            if header is None:
                header = cells
                if not _has_columns(place, header, wanted, draft):
                    return
            elif len(cells) == len(header):
                yield place, dict(zip(header, cells, strict=True))
            elif cells:
                draft.problems.append(place.problem(f"expected {len(header)} columns, found {len(cells)}"))
    except csv.Error as error:
        draft.problems.append(Place(path, line).problem(f"the table cannot be read from here on: {error}"))


def _parquet_rows(path: Path, wanted: Iterable[str], draft: Draft) -> Rows:
    from pyarrow import ArrowInvalid, parquet

    if not path.is_file():
        draft.problems.append(Place(path).problem("the file does not exist"))
        return
    try:
        table = parquet.ParquetFile(path)
    except ArrowInvalid as error:
        draft.problems.append(Place(path).problem(f"expected a Parquet file: {error}"))
        return
    with table:
        if not _has_columns(Place(path), table.schema_arrow.names, wanted, draft):
            return
        for name in sorted(set(table.schema_arrow.names) - set(wanted)):
            draft.counted[f"field '{name}' of {path.name} is not used"] += table.metadata.num_rows
        number = 0
        for batch in table.iter_batches(columns=sorted(set(wanted))):
            for values in batch.to_pylist():
                number += 1
                yield Place(path, inside=f"row {number}"), values


def _has_columns(place: Place, header: Iterable[str], wanted: Iterable[str], draft: Draft) -> bool:
    found = list(header)
    problems = [
        f"expected a column {name!r}, found {', '.join(map(repr, found))}"
        if name not in found
        else f"{found.count(name)} columns have the name {name!r}; give each a name of its own"
        for name in wanted
        if found.count(name) != 1
    ]
    draft.problems += map(place.problem, problems)
    return not problems


IMPORTER = Importer(
    read_table, "Passages of a table, or of a text with one a line or empty lines between them."
)
