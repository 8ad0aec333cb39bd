"""Reading and writing files of rows and JSON: checked, sorted, atomic."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from sunwi.errors import InputProblems, Problem
from sunwi.records.json_text import JsonFault, parse_json
from sunwi.records.row import Row
from sunwi.records.shards import files_of, written_table
from sunwi.runtime import atomic_write

R = TypeVar("R", bound=Row)
RUN_STAGE = "run the stage that writes it again (dvc repro)"


def canonical_json(value: Any) -> str:
    """One line of JSON with Hangul as it is; NaN and infinity are refused."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def read_rows(path: Path | str, model: type[R]) -> list[R]:
    """Read and check a table of one row type: a file of JSON lines, or a folder of shards.

    Raises
    ------
    InputProblems
        With file and line of every line that is no JSON, has a missing, unknown or wrong field,
        repeats an id or is out of order; or with the file itself if it does not exist.
    """
    return list(iter_rows(path, model))


def iter_rows(path: Path | str, model: type[R]) -> Iterator[R]:
    """The same, row by row: one is held at a time, and all faults are raised after the last one.

    Raises
    ------
    InputProblems
        As `read_rows`; the first wrong line ends the rows, and the lines behind it are still checked.
    """
    path = Path(path)
    check_exists(path)
    problems: list[Problem] = []
    previous: tuple[Any, ...] | None = None
    for file in files_of(path):
        with file.open("rb") as lines:  # bytes: a line that is no UTF-8 is a fault of that line
            for number, line in enumerate(lines, start=1):
                try:
                    row = model.model_validate_json(line)
                except ValidationError as error:
                    problems += [Problem(file, number, describe_fault(fault)) for fault in error.errors()]
                    continue
                key = row.sort_key()
                if previous is not None and key <= previous:
                    what = "repeats the id" if key == previous else "is out of order at the id"
                    what = f"{what} {key[-1]!r}; ids must rise from line to line"
                    problems.append(Problem(file, number, what))
                previous = key
                if not problems:
                    yield row
    if problems:
        raise InputProblems(problems, f"correct {path.name}, or {RUN_STAGE}")


def describe_fault(fault: Any) -> str:
    """One pydantic fault as a sentence: which field, what was expected, what was found."""
    field = ".".join(str(part) for part in fault["loc"]) or "line"
    if fault["type"] == "missing":
        return f"field '{field}' is missing"
    if fault["type"] == "extra_forbidden":
        return f"field '{field}' is not known here"
    return f"field '{field}': {fault['msg']}; found {shorten_value(fault.get('input'))}"


def shorten_value(value: Any) -> str:
    """A value for a message, 80 characters of it at most."""
    if isinstance(value, bytes):
        value = value[:400].decode("utf-8", "replace")
    if isinstance(value, str):
        value = value[:80]
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # nested too deeply; a number of too many digits
        text = f"a {type(value).__name__}"
    return text if len(text) <= 80 else text[:77] + "..."


def write_rows(path: Path | str, rows: Iterable[Row], rows_per_shard: int = 0) -> int:
    """Write rows sorted by id, atomically; return how many.

    Parameters
    ----------
    rows_per_shard
        0: one file; above: a folder of shards of so many rows on average (`written_table`).

    Raises
    ------
    InputProblems
        If two rows have the same id; nothing is written then.
    """
    path = Path(path)
    ordered = sorted(rows, key=lambda row: row.sort_key())
    problems = [
        Problem(path, number, f"two rows have the id {row.sort_key()[-1]!r}")
        for number, (last, row) in enumerate(pairwise(ordered), start=2)
        if last.sort_key() == row.sort_key()
    ]
    if problems:
        raise InputProblems(problems, "give every row an id of its own")
    return write_rising(path, ordered, rows_per_shard)


def write_rising(path: Path | str, rows: Iterable[Row], rows_per_shard: int = 0) -> int:
    """Write rows that come sorted by id as they come, one held at a time, atomically; return how many.

    Raises
    ------
    InputProblems
        If a row's id is not above the one before; nothing is written then.
    """
    path = Path(path)
    number = 0
    previous: tuple[Any, ...] | None = None
    with written_table(path, rows_per_shard) as write:
        for number, row in enumerate(rows, start=1):
            key = row.sort_key()
            if previous is not None and key <= previous:
                what = f"the id {key[-1]!r} comes after {previous[-1]!r}; ids must rise from row to row"
                raise InputProblems([Problem(path, number, what)], "sort the rows, or use write_rows")
            previous = key
            write(str(key[-1]), canonical_json(row.model_dump(exclude_none=True)))
    return number


def write_lines(path: Path | str, lines: Iterable[str]) -> None:
    """Write lines of text to a temporary name and rename it."""
    with atomic_write(Path(path)) as out:
        for line in lines:
            out.write(line + "\n")


def write_json(path: Path | str, value: Any) -> None:
    """Write one JSON document, indented and with sorted keys, atomically."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2, sort_keys=True)
    write_lines(path, [text])


def read_json(path: Path | str) -> Any:
    """Read one JSON document.

    Raises
    ------
    InputProblems
        If the file does not exist, or is no JSON in UTF-8.
    """
    path = Path(path)
    check_exists(path)
    try:
        return parse_json(path.read_bytes().decode("utf-8"))
    except UnicodeDecodeError as error:
        problem = Problem(path, None, f"expected UTF-8, found a byte that is none at byte {error.start + 1}")
    except JsonFault as fault:
        problem = Problem(path, None, f"expected JSON: {fault}")
    raise InputProblems([problem], f"correct {path.name}, or {RUN_STAGE}")


def check_exists(path: Path) -> None:
    """Raise `InputProblems` with the next step if the file is not there."""
    if not path.exists():
        raise InputProblems([Problem(path, None, "the file does not exist")], RUN_STAGE)
