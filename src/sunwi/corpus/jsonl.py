"""JSON lines and whole JSON documents, with a fault for every line that is none."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sunwi.corpus.draft import Draft, Location, R
from sunwi.errors import InputProblems
from sunwi.records.shards import files_of


def read_objects(path: Path, draft: Draft) -> Iterator[tuple[Location, dict[str, Any]]]:
    """Each line's object with its place; lines of spaces alone are passed over.

    A folder of that name is read shard by shard.
    """
    try:
        files = files_of(path)
    except InputProblems as error:
        draft.problems += error.problems
        return
    for file in files:
        yield from _objects(file, draft)


def _objects(path: Path, draft: Draft) -> Iterator[tuple[Location, dict[str, Any]]]:
    for number, line in enumerate(draft.open(path).lines, start=1):
        if line is None or not line.strip():
            continue
        place = Location(path, number)
        try:
            value = json.loads(line)
        except json.JSONDecodeError as error:
            draft.problems.append(place.problem(f"expected a JSON object, found {_cut(line)}: {error.msg}"))
            continue
        if isinstance(value, dict):
            yield place, value
        else:
            draft.problems.append(place.problem(f"expected a JSON object, found {_cut(line)}"))


def read_models(
    path: Path, model: type[R], columns: Mapping[str, str], draft: Draft
) -> Iterator[tuple[Location, R]]:
    """Each line's row with its place; `columns` maps the row's fields to the file's."""
    for place, values in read_objects(path, draft):
        row = draft.parse(place, model, values, columns)
        if row is not None:
            yield place, row


def read_document(path: Path, draft: Draft) -> dict[str, Any] | None:
    """The object of a file that is one JSON document, or None with the fault noted."""
    text = draft.open(path).text
    if text is None:
        return None
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        draft.problems.append(
            Location(path, error.lineno).problem(f"expected one JSON document: {error.msg}")
        )
        return None
    if not isinstance(value, dict):
        draft.problems.append(Location(path).problem(f"expected a JSON object, found {_cut(text)}"))
        return None
    return value


def _cut(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
