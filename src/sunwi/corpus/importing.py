"""Import: a source format is read, checked as a whole, and written as a source folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sunwi.corpus.beir import read_beir
from sunwi.corpus.competition import read_competition
from sunwi.corpus.draft import Draft
from sunwi.corpus.source import assemble, write_source
from sunwi.corpus.squad import read_squad
from sunwi.corpus.table import read_table
from sunwi.errors import DataError

READERS: dict[str, Callable[..., Draft]] = {
    "beir": read_beir,
    "competition": read_competition,
    "squad": read_squad,
    "table": read_table,
}


@dataclass(frozen=True)
class ImportReport:
    """What an import wrote (`counts`), left out or changed on purpose (`counted`), and encodings found."""

    format: str
    out: Path
    counts: dict[str, int]
    counted: dict[str, int]
    encodings: dict[str, str]


def import_source(format: str, out: Path, **inputs: Any) -> ImportReport:  # noqa: A002 - the field's word
    """Read `inputs` with the reader of that format (see `READERS`) and write the source folder `out`.

    Raises
    ------
    InputProblems
        With all faults of all files; nothing is written then.
    DataError
        If there is no reader of that name.
    """
    if format not in READERS:
        raise DataError(f"unknown format {format!r}", f"use one of {', '.join(sorted(READERS))}")
    draft = READERS[format](**inputs)
    source = assemble(draft)
    write_source(source, out)
    counts = {
        "documents": len(source.documents),
        "queries": len(source.queries),
        "judgements": sum(map(len, source.qrels.values())),
        "dev queries": len(source.dev_queries),
        "dev judgements": sum(map(len, source.dev_qrels.values())),
        "given questions": len(source.questions),
    }
    return ImportReport(format, out, counts, dict(sorted(draft.counted.items())), draft.encodings)
