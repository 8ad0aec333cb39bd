"""What tables of every form share: rows with places, and a header that has each wanted column once."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from sunwi.corpus.draft import Draft, Location

Rows = Iterator[tuple[Location, dict[str, Any]]]
BLANK_ROWS = "blank rows, passed over"


def composed(name: str) -> str:
    """A column's name in NFC: files of some systems hold Hangul in parts, and nobody types it so."""
    return unicodedata.normalize("NFC", name)


def has_columns(place: Location, header: Iterable[str], wanted: Iterable[str], draft: Draft) -> bool:
    """Whether a header has each wanted column once; else the faults are noted."""
    names = list(header)
    problems = [
        f"expected a column {name!r}, found {', '.join(map(repr, names))}"
        if name not in names
        else f"{names.count(name)} columns have the name {name!r}; give each a name of its own"
        for name in wanted
        if names.count(name) != 1
    ]
    draft.problems += map(place.problem, problems)
    return not problems
