"""JSON lines, arrays and whole JSON documents, with a fault for every value that is none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sunwi.corpus.decode import DecodedFile
from sunwi.corpus.draft import Draft, Location, R
from sunwi.errors import InputProblems
from sunwi.records.json_text import JsonFault, decode_json, parse_json, shorten, skip_space
from sunwi.records.shards import files_of

# How a file of objects begins; a text may begin with a bracket too ("[속보] ...").
_OBJECTS = re.compile(r"""\s*(\{\s*["'}]|\[\s*[{\]])""")
SQUAD_HINT = "`sunwi import squad` reads the files of the SQuAD family"
Objects = Iterator[tuple[Location, dict[str, Any]]]


def read_objects(path: Path, draft: Draft) -> Objects:
    """Each object with its place: of JSON lines, of one array, or one after another over several lines.

    Lines of spaces alone are passed over. A folder of that name is read shard by shard.
    """
    try:
        files = files_of(path)
    except InputProblems as error:
        draft.problems += error.problems
        return
    for file in files:
        yield from objects_of(file, draft.open(file), draft)


def holds_objects(text: str) -> bool:
    """Whether a text is meant as JSON objects."""
    return _OBJECTS.match(text) is not None


def objects_of(path: Path, decoded: DecodedFile, draft: Draft) -> Objects:
    """The same of a file that was decoded."""
    text = decoded.text
    yield from (
        _lines(path, decoded, draft) if text is None or _is_by_line(text) else _values(path, text, draft)
    )


def _is_by_line(text: str) -> bool:
    """Whether a line is a value: the first one is, or there is no value that runs over several."""
    start = skip_space(text, 0)
    if text[start : start + 1] == "[":
        return False
    try:
        _, end = decode_json(text, start)
    except JsonFault as fault:
        if fault.end is None:
            return True
        end = fault.end
    line_end = text.find("\n", start)
    return line_end != -1 and end <= line_end


def _lines(path: Path, decoded: DecodedFile, draft: Draft) -> Objects:
    for number, line in enumerate(decoded.lines, start=1):
        if line is None or not line.strip():
            continue
        place = Location(path, number)
        bare = line.rstrip()
        if bare.endswith(","):
            draft.counted[f"{path.name}: commas behind an object, left out"] += 1
        try:
            value = parse_json(bare.removesuffix(","))
        except JsonFault as fault:
            what = f"expected a JSON object, found {shorten(line)}: {fault}"
            draft.problems.append(place.problem(what))
            continue
        yield from _object(place, value, line, draft)


def _values(path: Path, text: str, draft: Draft) -> Objects:
    """The objects of an array, or of values one after another; after a broken one nothing is read."""
    position = skip_space(text, 0)
    in_array = text[position : position + 1] == "["
    if in_array:
        position = skip_space(text, position + 1)
    counted, line = 0, 1  # offset up to which line ends are counted
    while position < len(text) and not (in_array and text[position] == "]"):
        line += text.count("\n", counted, position)
        counted = position
        place = Location(path, line)
        try:
            value, end = decode_json(text, position)
        except JsonFault as fault:
            if fault.end is None:
                at_line = Location(path, text.count("\n", 0, fault.position) + 1)
                excerpt = shorten(text[fault.position :])
                what = f"expected JSON, found {excerpt}: {fault}; nothing is read from here on"
                draft.problems.append(at_line.problem(what))
                return
            draft.problems.append(place.problem(f"{shorten(text[position : fault.end])}: {fault}"))
            end = fault.end
        else:
            yield from _object(place, value, text[position : min(end, position + 41)], draft)
        position = skip_space(text, end)
        if in_array and text[position : position + 1] == ",":
            position = skip_space(text, position + 1)
            if text[position : position + 1] == "]":
                draft.problems.append(place.problem("a comma behind the last value of the array; remove it"))
        elif in_array and text[position : position + 1] != "]":
            rest = shorten(text[position:]) if position < len(text) else "the end of the file"
            line += text.count("\n", counted, position)
            draft.problems.append(
                Location(path, line).problem(f"expected a comma or the array's end, found {rest}")
            )
            return
    _check_end(path, text, position, draft, in_array=in_array)


def _check_end(path: Path, text: str, position: int, draft: Draft, *, in_array: bool) -> None:
    if not in_array:
        return
    line = text.count("\n", 0, position) + 1
    if position >= len(text):
        draft.problems.append(
            Location(path, line).problem("the JSON array has no end: the file is cut; copy it again")
        )
    elif (behind := skip_space(text, position + 1)) < len(text):
        what = f"expected nothing behind the JSON array, found {shorten(text[behind:])}"
        draft.problems.append(Location(path, text.count("\n", 0, behind) + 1).problem(what))


def _object(place: Location, value: Any, source: str, draft: Draft) -> Objects:
    if not isinstance(value, dict):
        draft.problems.append(place.problem(f"expected a JSON object, found {shorten(source)}"))
    elif isinstance(value.get("data"), list) and len(value) <= 2:
        draft.problems.append(place.problem(f"expected a row, found one JSON document; {SQUAD_HINT}"))
    else:
        yield place, value


def read_models(
    path: Path, model: type[R], columns: Mapping[str, str], draft: Draft
) -> Iterator[tuple[Location, R]]:
    """Each object's row with its place; `columns` maps the row's fields to the file's."""
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
        value = parse_json(text)
    except JsonFault as fault:
        place = Location(path, text.count("\n", 0, fault.position) + 1)
        draft.problems.append(place.problem(f"expected one JSON document: {fault}"))
        return None
    if not isinstance(value, dict):
        draft.problems.append(Location(path).problem(f"expected a JSON object, found {shorten(text)}"))
        return None
    return value
