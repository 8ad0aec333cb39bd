"""Passages from plain text, CSV, TSV, JSON lines and Parquet, by column names."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from sunwi.corpus.draft import Draft, Location
from sunwi.corpus.importer import Importer
from sunwi.corpus.jsonl import read_objects
from sunwi.records.corpus import Document
from sunwi.runtime import text_hash

SEPARATORS = {".csv": ",", ".tsv": "\t"}
MORE_SEPARATORS = (",", "\t", ";", "|")
CONTENT = "content"
Rows = Iterator[tuple[Location, dict[str, Any]]]


def read_table(
    file: Annotated[Path, "CSV, TSV, JSON lines, Parquet, or plain text."],
    *,
    content: Annotated[str | None, f"Column of the passages, {CONTENT} if not given."] = None,
    docid: Annotated[str | None, "Column of the ids; else made from the content."] = None,
    title: Annotated[str | None, "Column of the titles."] = None,
    src: Annotated[str | None, "Column that says where a passage is from."] = None,
) -> Draft:
    """Read passages from a file that is what its content says: a table, or else plain text.

    Parquet is known by its first bytes, JSON by its first line, and a separated table by a header that has
    the columns, whatever separates them. The suffixes .csv, .tsv and .parquet say that there is a table.

    Parameters
    ----------
    content, docid, title, src
        Names of the table's columns; other columns are counted as not used. Without `docid` the ids are
        made from the content's hash, and the second of two same contents has an id that ends in "-2".
        Plain text has no columns, and naming one is a fault: passages are separated by empty lines, or else
        each line is one.
    """
    draft = Draft()
    named = {"content": content, "docid": docid, "title": title, "src": src}
    columns = {"content": CONTENT} | {name: column for name, column in named.items() if column is not None}
    rows = _rows(file, columns, draft, in_columns=any(column is not None for column in named.values()))
    content = columns["content"]
    seen: Counter[str] = Counter()
    for place, given in rows:
        values, names = dict(given), columns
        if "docid" not in columns:
            names = {**columns, "docid": "docid made from the content"}
            values["docid made from the content"] = _made_id(values.get(content), seen)
        row = draft.parse(place, Document, values, names)
        if row is not None:
            draft.documents.append((place, row))
    return draft


def _rows(path: Path, columns: dict[str, str], draft: Draft, *, in_columns: bool) -> Rows:
    """The rows of a file by what it holds; `in_columns` says that somebody named columns of it."""
    wanted = list(columns.values())
    suffix = path.suffix.lower()
    if suffix == ".parquet" or _starts_as_parquet(path):
        return _parquet_rows(path, wanted, draft)
    if (text := draft.open(path).text) is None:
        return iter(())
    if (rows := _json_rows(path, text, draft)) is not None:
        return rows
    separator = _separator(text, wanted, SEPARATORS.get(suffix))
    if separator is not None:
        return _separated_rows(path, text, separator, wanted, draft)
    if in_columns:
        what = f"expected a header with the columns {', '.join(map(repr, wanted))}, found plain text"
        draft.problems.append(
            Location(path).problem(f"{what}, which has none: name no column, or add a header")
        )
        return iter(())
    return ((place, {columns["content"]: passage}) for place, passage in _passages(path, text))


def _starts_as_parquet(path: Path) -> bool:
    try:
        with path.open("rb") as data:
            return data.read(4) == b"PAR1"
    except OSError:
        return False  # a fault that decoding notes


def _separator(text: str, wanted: Sequence[str], of_suffix: str | None) -> str | None:
    """What separates a header that has the columns; else what the suffix says."""
    for separator in dict.fromkeys((of_suffix, *MORE_SEPARATORS)):
        if separator is None:
            continue
        try:
            header: list[str] = next(filter(None, _cells(text, separator)), [])
        except csv.Error:
            continue
        # A text may begin with a line "content": a header of a text's suffix has two columns at least.
        if set(wanted) <= set(header) and (of_suffix is not None or len(header) > 1):
            return separator
    return of_suffix


def _cells(text: str, separator: str) -> Any:  # the type of csv.reader has no name
    csv.field_size_limit(2**31 - 1)  # the default refuses passages of more than 131,072 characters
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)


def _json_rows(path: Path, text: str, draft: Draft) -> Rows | None:
    """The objects of JSON lines, or of a JSON array; None if the text is no JSON."""
    start = text.lstrip()
    if not start.startswith(("{", "[")):
        return None
    if isinstance(_json(start.partition("\n")[0]), dict):
        return read_objects(path, draft)
    whole = _json(start)
    if whole is None:
        return None
    if not (isinstance(whole, list) and all(isinstance(item, dict) for item in whole)):
        what = "expected rows, found one JSON document; `sunwi import squad` reads those of the SQuAD family"
        draft.problems.append(Location(path).problem(what))
        return iter(())
    return ((Location(path, inside=f"[{index}]"), item) for index, item in enumerate(whole))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _made_id(content: Any, seen: Counter[str]) -> str:
    digest = text_hash(str(content))[:16]
    seen[digest] += 1
    return digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"


def _passages(path: Path, text: str) -> Iterator[tuple[Location, str]]:
    lines = text.split("\n")
    filled = [number for number, line in enumerate(lines, start=1) if line.strip()]
    in_blocks = any(later - earlier > 1 for earlier, later in pairwise(filled))
    block: list[int] = []
    for number in filled:
        if block and not (in_blocks and number == block[-1] + 1):
            yield _joined(path, lines, block)
            block = []
        block.append(number)
    if block:
        yield _joined(path, lines, block)


def _joined(path: Path, lines: list[str], block: list[int]) -> tuple[Location, str]:
    return Location(path, block[0]), "\n".join(lines[number - 1] for number in block)


def _separated_rows(path: Path, text: str, separator: str, wanted: Iterable[str], draft: Draft) -> Rows:
    table = _cells(text, separator)
    line = 1
    header: list[str] | None = None
    try:
        for cells in table:
            place, line = Location(path, line), table.line_num + 1
            if not cells:
                continue
            if header is None:
                header = cells
                if not _has_columns(place, header, wanted, draft):
                    return
            elif len(cells) == len(header):
                yield place, dict(zip(header, cells, strict=True))
            else:
                draft.problems.append(place.problem(f"expected {len(header)} columns, found {len(cells)}"))
    except csv.Error as error:
        draft.problems.append(Location(path, line).problem(f"the table cannot be read from here on: {error}"))


def _parquet_rows(path: Path, wanted: Iterable[str], draft: Draft) -> Rows:
    from pyarrow import ArrowInvalid, parquet

    if not path.is_file():
        draft.problems.append(Location(path).problem("the file does not exist"))
        return
    try:
        table = parquet.ParquetFile(path)
    except ArrowInvalid as error:
        draft.problems.append(Location(path).problem(f"expected a Parquet file: {error}"))
        return
    with table:
        if not _has_columns(Location(path), table.schema_arrow.names, wanted, draft):
            return
        for name in sorted(set(table.schema_arrow.names) - set(wanted)):
            draft.counted[f"field '{name}' of {path.name} is not used"] += table.metadata.num_rows
        number = 0
        for batch in table.iter_batches(columns=sorted(set(wanted))):
            for values in batch.to_pylist():
                number += 1
                yield Location(path, inside=f"row {number}"), values


def _has_columns(place: Location, header: Iterable[str], wanted: Iterable[str], draft: Draft) -> bool:
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
