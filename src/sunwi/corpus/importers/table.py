"""Passages from plain text, CSV, TSV, JSON, Excel and Parquet, by column names."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from sunwi.corpus.draft import Draft, Location
from sunwi.corpus.importer import Importer
from sunwi.corpus.jsonl import holds_objects, objects_of
from sunwi.corpus.table_header import BLANK_ROWS, Rows, composed, has_columns
from sunwi.corpus.unpacking import PACKED_SUFFIXES, is_workbook
from sunwi.corpus.workbook import workbook_rows
from sunwi.records.corpus import Document
from sunwi.runtime import text_hash
from sunwi.text import storable

SEPARATORS = {".csv": ",", ".tsv": "\t"}
MORE_SEPARATORS = (",", "\t", ";", "|")
CONTENT = "content"
_QUOTED = re.compile(r'"(?:[^"]|"")*"')


def read_table(
    file: Annotated[Path, "CSV, TSV, JSON, Excel, Parquet, or plain text; gzip and zip are unpacked."],
    *,
    content: Annotated[str | None, f"Column of the passages, {CONTENT} if not given."] = None,
    docid: Annotated[str | None, "Column of the ids; else made from the content."] = None,
    title: Annotated[str | None, "Column of the titles."] = None,
    src: Annotated[str | None, "Column that says where a passage is from."] = None,
) -> Draft:
    """Read passages from a file that is what its content says: a table, or else plain text.

    Parquet and Excel are known by their first bytes, JSON by its first characters, and a separated table by
    a header that has the columns, whatever separates them. The suffixes .csv, .tsv and .parquet say that
    there is a table. Blank rows are passed over and counted.

    Parameters
    ----------
    content, docid, title, src
        Names of the table's columns, in any Unicode normal form; other columns are counted as not used.
        Without `docid` the ids are made from the content's hash, and the second of two same contents has an
        id that ends in "-2". Plain text has no columns, and naming one is a fault: passages are separated by
        empty lines, or else each line is one.
    """
    draft = Draft()
    named = {"content": content, "docid": docid, "title": title, "src": src}
    given_names = {name: composed(column) for name, column in named.items() if column is not None}
    columns = {"content": CONTENT} | given_names
    rows = _rows(file, columns, draft, in_columns=bool(given_names))
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
    suffix = _table_suffix(path)
    start = _first_bytes(path)
    if suffix == ".parquet" or start.startswith(b"PAR1"):
        return _parquet_rows(path, wanted, draft)
    if start.startswith(b"PK") and is_workbook(path.read_bytes()):
        return workbook_rows(path, wanted, draft)
    decoded = draft.open(path)
    if (text := decoded.text) is None:
        return iter(())
    if holds_objects(text):
        return _composed_objects(objects_of(path, decoded, draft), draft)
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


def _composed_objects(objects: Rows, draft: Draft) -> Rows:
    """Objects with the names of their fields in NFC."""
    for place, values in objects:
        fields = {composed(name): value for name, value in values.items()}
        if len(fields) < len(values):
            what = "two fields have names that differ in Unicode normal form alone; write each once"
            draft.problems.append(place.problem(what))
        else:
            yield place, fields


def _table_suffix(path: Path) -> str:
    """The suffix of a file, or of the file that it packs (`a.csv.gz`)."""
    packed = path.suffix.lower() in PACKED_SUFFIXES
    return (path.with_suffix("") if packed else path).suffix.lower()


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as data:
            return data.read(4)
    except OSError:
        return b""  # a fault that decoding notes


def _separator(text: str, wanted: Sequence[str], of_suffix: str | None) -> str | None:
    """What separates a header that has the columns; else what the suffix says."""
    for separator in dict.fromkeys((of_suffix, *MORE_SEPARATORS)):
        if separator is None:
            continue
        try:
            header = list(map(composed, next(filter(None, _cells(text, separator)), [])))
        except csv.Error:
            continue
        # A text may begin with a line "content": a header of a text's suffix has two columns at least.
        if set(wanted) <= set(header) and (of_suffix is not None or len(header) > 1):
            return separator
    return of_suffix


def _cells(text: str, separator: str, *, quoted: bool = True) -> Any:  # csv.reader's type has no name
    csv.field_size_limit(2**31 - 1)  # the default refuses passages of more than 131,072 characters
    return csv.reader(
        io.StringIO(text, newline=""),
        delimiter=separator,
        strict=True,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
    )


def _has_quoted_fields(text: str) -> bool:
    """Whether quotes of a tab-separated text enclose fields (as Excel and pandas write) or are text.

    They are text (as in MS MARCO's files) if some line has a field that begins with a quote and is not
    enclosed by two, though every line has as many fields as the first: else two rows would become one.
    """
    lines = [line.split("\t") for line in text.split("\n") if line.strip()]
    if any(len(fields) != len(lines[0]) for fields in lines):
        return True
    return all(_QUOTED.fullmatch(field) for fields in lines for field in fields if field.startswith('"'))


def _made_id(content: Any, seen: Counter[str]) -> str:
    text = storable(content)[0] if isinstance(content, str) else str(type(content))  # the latter is a fault
    digest = text_hash(text)[:16]
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
    quoted = separator != "\t" or _has_quoted_fields(text)
    table = _cells(text, separator, quoted=quoted)
    if not quoted:
        draft.counted[f"{path.name}: quotes that enclose no field, read as text"] += text.count('"')
    line = 1
    header: list[str] | None = None
    try:
        for cells in table:
            place, line = Location(path, line), table.line_num + 1
            if not any(cell.strip() for cell in cells):
                if header is not None:
                    draft.counted[f"{path.name}: {BLANK_ROWS}"] += 1
            elif header is None:
                header = list(map(composed, cells))
                if not has_columns(place, header, wanted, draft):
                    return
            elif len(cells) == len(header):
                yield place, dict(zip(header, cells, strict=True))
            else:
                draft.problems.append(place.problem(f"expected {len(header)} columns, found {len(cells)}"))
    except csv.Error as error:
        draft.problems.append(Location(path, line).problem(f"the table cannot be read from here on: {error}"))


def _parquet_rows(path: Path, wanted: Iterable[str], draft: Draft) -> Rows:
    from pyarrow import ArrowException, parquet

    if not path.is_file():
        draft.problems.append(Location(path).problem("the file does not exist"))
        return
    number = 0
    try:
        with parquet.ParquetFile(path) as table:
            names = list(map(composed, table.schema_arrow.names))
            if not has_columns(Location(path), names, wanted, draft):
                return
            for name in sorted(set(names) - set(wanted)):
                draft.counted[f"field '{name}' of {path.name} is not used"] += table.metadata.num_rows
            own = [name for name in table.schema_arrow.names if composed(name) in set(wanted)]
            for batch in table.iter_batches(columns=sorted(own)):
                for values in batch.rename_columns(list(map(composed, batch.schema.names))).to_pylist():
                    number += 1
                    yield Location(path, inside=f"row {number}"), values
    except (ArrowException, OSError, UnicodeDecodeError) as error:  # OSError: a page that cannot be unpacked
        what = f"expected a Parquet file: {str(error)[:200]}" if not number else f"row {number + 1}: {error}"
        draft.problems.append(Location(path).problem(what))


IMPORTER = Importer(
    read_table, "Passages of a table, or of a text with one a line or empty lines between them."
)
