"""Entries of dvc.lock written one by one: DVC parses the whole file after each stage and writes it anew."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dvc.utils.serialize import dumps_yaml

from sunwi.runtime import atomic_write

HEAD = "schema: '2.0'\nstages:\n"
STAGES = "stages:\n"
ENTRY = re.compile(r"^  (?=\S)", re.MULTILINE)
# A section, a list, a comment; a stage's name of more than 128 characters: `  ? name` and `  : entry`.
OTHER = re.compile(r"^  [-#?:]|^ ?\S", re.MULTILINE)


def with_entries(text: str, entries: Mapping[str, Any]) -> str | None:
    """The lock's text with these stages' entries, as DVC's own writer gives them.

    Parameters
    ----------
    text
        Of the lock, "" before there is one.
    entries
        By the stage's name, as `dvc.stage.serialize.to_lockfile` makes them.

    Returns
    -------
    str or None
        Entries that were there keep their place, others follow at the end, all other lines stay as they are.
        None where the text isn't laid out as DVC writes it, or has more sections.
    """
    text = text or HEAD
    if not text.startswith(HEAD) or OTHER.search(text, len(HEAD)):
        return None
    starts = [found.start() for found in ENTRY.finditer(text)]
    if not starts and text != HEAD:
        return None
    ends = [*starts[1:], len(text)][: len(starts)]
    pieces = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    places = {piece.partition("\n")[0]: place for place, piece in enumerate(pieces)}
    if len(places) < len(pieces):
        return None
    for name, entry in entries.items():
        piece = dumps_yaml({"stages": {name: entry}}).removeprefix(STAGES)
        if OTHER.match(piece):
            return None
        place = places.setdefault(piece.partition("\n")[0], len(pieces))
        pieces[place : place + 1] = [piece]
    return HEAD + "".join(pieces)


def write(path: Path, entries: Mapping[str, Any]) -> bool | None:
    """Write these stages' entries; return whether any has changed, None where DVC has to write the file."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    after = with_entries(before, entries)
    if after is None:
        return None
    if after != before:
        with atomic_write(path) as out:
            out.write(after)
    return after != before
