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
from sunwi.records.files import describe_fault
from sunwi.records.row import Row

R = TypeVar("R", bound=Row)
_IDENTIFIERS = frozenset({"docid", "qid"})  # written as numbers in some files; contracts hold strings


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
        known = {
            row_field: _identifier(values[name]) if row_field in _IDENTIFIERS else values[name]
            for row_field, name in columns.items()
            if name in values
        }
        try:
            return model.model_validate(known)
        except ValidationError as error:
            for fault in error.errors():
                first, *rest = fault["loc"]
                location = (columns.get(str(first), first), *rest)
                self.problems.append(place.problem(describe_fault({**fault, "loc": location})))
            return None

    def build(self, place: Location, model: type[R], **values: Any) -> R | None:
        """Build a row from its own fields; None, with the faults noted, if it is not valid."""
        return self.parse(place, model, values, {name: name for name in values})


def _identifier(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
