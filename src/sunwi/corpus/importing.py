"""Import: a source format is read, checked as a whole, and written as a source folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sunwi.corpus.draft import Draft
from sunwi.corpus.import_folder import check_inputs_apart, check_replaceable, recover, replace_folder
from sunwi.corpus.importer import IMPORTERS
from sunwi.corpus.source import SOURCE_FILES, assemble, write_source
from sunwi.errors import DataError
from sunwi.records.judged import JUDGED_FILE


@dataclass(frozen=True)
class ImportReport:
    """What an import wrote (`counts`), left out or changed on purpose (`counted`), and encodings found."""

    format: str
    out: Path
    counts: dict[str, int]
    counted: dict[str, int]
    encodings: dict[str, str]


def _ignore(_: object) -> None:
    pass


def import_source(
    format: str,  # noqa: A002 - the field's word
    out: Path,
    *,
    force: bool = False,
    notify: Callable[[str], None] = _ignore,
    finish: Callable[[ImportReport], None] = _ignore,
    **inputs: Any,
) -> ImportReport:
    """Read `inputs` with the importer of that format and write the source folder `out`; see `import_draft`.

    Raises
    ------
    InputProblems
        With all faults of all files; nothing is written then.
    DataError
        If there is no reader of that name, or `out` may not or cannot be written.
    """
    if format not in IMPORTERS.names:
        raise DataError(f"unknown format {format!r}", f"use one of {', '.join(IMPORTERS.names)}")

    def read() -> Draft:
        return IMPORTERS.load(format).read(**inputs)

    return import_draft(format, out, read, _paths(inputs), force=force, notify=notify, finish=finish)


def import_draft(
    format: str,  # noqa: A002 - the field's word
    out: Path,
    read: Callable[[], Draft],
    inputs: Iterable[Path],
    *,
    force: bool = False,
    notify: Callable[[str], None] = _ignore,
    finish: Callable[[ImportReport], None] = _ignore,
) -> ImportReport:
    """Write what `read` gives as the source folder `out`.

    Parameters
    ----------
    inputs
        What `read` reads: `out` may be none of these.
    force
        Take a folder that no import wrote, or that was edited since; its other files stay beside the new.
    notify
        Gets a sentence before files of such a folder are overwritten, and when a killed import is cleaned up.
    finish
        Called when the new folder is in its place; if it raises, the folder is as it was before.

    Raises
    ------
    InputProblems
        With all faults of all files; nothing is written then.
    DataError
        If `out` may not or cannot be written.
    """
    check_inputs_apart(out, inputs)
    if recovered := recover(out):
        notify(recovered)
    overwritten = check_replaceable(out, force=force)
    draft = read()
    source = assemble(draft)
    counts = {
        "documents": len(source.documents),
        "queries": len(source.queries),
        "judgements": sum(map(len, source.qrels.values())),
        "dev queries": len(source.dev_queries),
        "dev judgements": sum(map(len, source.dev_qrels.values())),
        "given questions": len(source.questions),
    }
    report = ImportReport(format, out, counts, dict(sorted(draft.counted.items())), draft.encodings)
    tables = {*SOURCE_FILES, JUDGED_FILE}  # what people judged goes with the source that it is about
    if lost := [name for name in overwritten if name in tables]:
        notify(f"overwriting in {out}: {', '.join(lost)}")
    others = [name for name in overwritten if name != JUDGED_FILE]
    replace_folder(out, lambda folder: write_source(source, folder), lambda: finish(report), keep=others)
    return report


def _paths(inputs: dict[str, Any]) -> Iterator[Path]:
    for value in inputs.values():
        items = value if isinstance(value, list) else [value]
        yield from (item for item in items if isinstance(item, Path))
