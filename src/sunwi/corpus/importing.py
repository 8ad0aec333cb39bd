"""Import: a source format is read, checked as a whole, and written as a source folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sunwi.corpus.importer import IMPORTERS
from sunwi.corpus.source import assemble, write_source
from sunwi.errors import DataError


@dataclass(frozen=True)
class ImportReport:
    """What an import wrote (`counts`), left out or changed on purpose (`counted`), and encodings found."""

    format: str
    out: Path
    counts: dict[str, int]
    counted: dict[str, int]
    encodings: dict[str, str]


def import_source(format: str, out: Path, **inputs: Any) -> ImportReport:  # noqa: A002 - the field's word
    """Read `inputs` with the importer of that format and write the source folder `out`.

    Raises
    ------
    InputProblems
        With all faults of all files; nothing is written then.
    DataError
        If there is no reader of that name.
    """
    if format not in IMPORTERS.names:
        raise DataError(f"unknown format {format!r}", f"use one of {', '.join(IMPORTERS.names)}")
    draft = IMPORTERS.load(format).read(**inputs)
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
