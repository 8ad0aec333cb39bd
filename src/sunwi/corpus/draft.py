"""What a reader has read so far: rows with the places they came from, and every fault met on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from sunwi.corpus.decode import DecodedFile, decode_file
from sunwi.corpus.rows import GivenQuestion, Judgement
from sunwi.errors import Problem
from sunwi.records.corpus import Document, Query
from sunwi.records.files import describe_fault, shorten_value
from sunwi.records.judged import JudgedQuery
from sunwi.records.row import Row
from sunwi.text import storable

R = TypeVar("R", bound=Row)
_STRING_IDS = frozenset({"docid", "qid"})  # written as numbers in some files; contracts hold strings
_IDS = _STRING_IDS | {"eval_id"}
_DEPTH = 4  # of lists and objects in which a row type has text


class Location(NamedTuple):
    """Where a row stands: a line of a file, or a path inside a JSON document or table."""

    path: Path
    line: int | None = None
    inside: str = ""

    def within(self, part: str) -> Location:
        """The place of a part of the object at this place."""
        return self._replace(inside=f"{self.inside}.{part}" if self.inside else part)

    def problem(self, message: str) -> Problem:
        """A fault at this place."""
        return Problem(self.path, self.line, f"{self.inside}: {message}" if self.inside else message)

    def __str__(self) -> str:
        line = f":{self.line}" if self.line is not None else ""
        return f"{self.path.name}{line}" + (f" {self.inside}" if self.inside else "")


@dataclass
class Draft:
    """Rows as read, not yet checked against each other (see `source.assemble`).

    `counted` holds how often something was left out or changed on purpose, by reason; `drops_dangling` says
    that the reader takes --drop-dangling.
    """

    documents: list[tuple[Location, Document]] = field(default_factory=list)
    queries: list[tuple[Location, Query]] = field(default_factory=list)
    qrels: list[tuple[Location, Judgement]] = field(default_factory=list)
    dev_queries: list[tuple[Location, Query]] = field(default_factory=list)
    dev_qrels: list[tuple[Location, Judgement]] = field(default_factory=list)
    questions: list[tuple[Location, GivenQuestion]] = field(default_factory=list)
    judged: list[tuple[Location, JudgedQuery]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    encodings: dict[str, str] = field(default_factory=dict)
    drops_dangling: bool = False

    def open(self, path: Path) -> DecodedFile:
        """Decode a text file; its faults and its encoding are noted."""
        decoded = decode_file(path)
        self.problems += decoded.problems
        if decoded.encoding != "none":
            table = path.parent if path.parent.suffix == ".jsonl" else path  # of a shard
            self.encodings[table.name] = decoded.encoding
        return decoded

    def parse(
        self, place: Location, model: type[R], values: Mapping[str, Any], columns: Mapping[str, str]
    ) -> R | None:
        """Build a row from the fields that `columns` (field of the row -> field of the file) names.

        Returns None, with the faults noted under the file's own field names, if the row is not valid.
        Other fields of the file are counted as not used.
        """
        for name in values.keys() - set(columns.values()):
            self.counted[f"field '{name}' of {place.path.name} is not used"] += 1
        known = {row_field: values[name] for row_field, name in columns.items() if name in values}
        faulty = [
            row_field
            for row_field in known.keys() & _IDS
            if not self.check_id(place, f"field '{columns[row_field]}'", known[row_field])
        ]
        if faulty:
            return None
        for row_field, value in known.items():
            if row_field not in _IDS:
                known[row_field] = self._storable(value, f"field '{columns[row_field]}' of {place.path.name}")
            elif row_field in _STRING_IDS:
                known[row_field] = str(value)
        try:
            return model.model_validate(known)
        except ValidationError as error:
            for fault in error.errors():
                first, *rest = fault["loc"]
                location = (columns.get(str(first), first), *rest)
                self.problems.append(place.problem(describe_fault({**fault, "loc": location})))
            return None

    def build(
        self, place: Location, model: type[R], names: Mapping[str, str] | None = None, **values: Any
    ) -> R | None:
        """Build a row from its own fields; None, with the faults noted, if it is not valid.

        Notes use the file's `names` of the row's fields where they differ.
        """
        columns = {name: name for name in values} | {
            name: file_name for name, file_name in (names or {}).items() if name in values
        }
        return self.parse(place, model, {columns[name]: value for name, value in values.items()}, columns)

    def check_id(self, place: Location, what: str, value: Any) -> bool:
        """Whether a value may be an id: text that UTF-8 holds, or a whole number; else the fault is noted."""
        if isinstance(value, bool) or not isinstance(value, int | str):
            found = shorten_value(value)
            self.problems.append(
                place.problem(f"{what}: expected text or a whole number as id, found {found}")
            )
            return False
        if isinstance(value, str) and (changes := storable(value)[1]):
            reasons = " and ".join(change.partition(",")[0] for change in changes)
            self.problems.append(
                place.problem(f"{what}: the id {value[:40]!a} holds {reasons}; give another id")
            )
            return False
        return True

    def text(self, value: str, what: str) -> str:
        """A text as the files can hold it (`text.storable`); what was changed is counted for `what`."""
        whole, changes = storable(value)
        for change in changes:
            self.counted[f"{what}: {change}"] += 1
        return whole

    def _storable(self, value: Any, what: str, depth: int = _DEPTH) -> Any:
        if isinstance(value, str):
            return self.text(value, what)
        if depth and isinstance(value, list):
            return [self._storable(item, what, depth - 1) for item in value]
        if depth and isinstance(value, dict):
            return {key: self._storable(item, what, depth - 1) for key, item in value.items()}
        return value
