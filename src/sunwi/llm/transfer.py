"""Recorded answers as a file: what one person paid for, a teammate without a key replays."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from sunwi.errors import DataError, InputProblems
from sunwi.llm.store import AnswerStore, RecordedAnswer
from sunwi.records.files import read_rows, write_rows


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """What became of a file's answers.

    Attributes
    ----------
    added
        Keys that were not recorded.
    same
        Recorded already, with the same answer.
    different
        Recorded already with another answer.
    """

    added: int
    same: int
    different: int


def export_answers(store: AnswerStore, path: Path, tasks: Collection[str] = ()) -> int:
    """Write recorded answers as JSON lines sorted by key, of `tasks` or all; return how many.

    An answer belongs to the task that paid for it.

    Raises
    ------
    DataError
        If a task has no recorded answer, naming those that have.
    """
    rows = list(store)
    known = sorted({row.task for row in rows})
    unknown = sorted(set(tasks) - set(known))
    if unknown:
        recorded = f"there are answers of {', '.join(known)}" if known else "no answer is recorded"
        what = f"no recorded answer of task {', '.join(unknown)}; {recorded}"
        raise DataError(what, "name one of these with --task")
    return write_rows(path, (row for row in rows if not tasks or row.task in tasks))


def import_answers(store: AnswerStore, path: Path, *, replace: bool = False) -> ImportCounts:
    """Record the answers of an exported file, all or none; a second time changes nothing.

    Parameters
    ----------
    replace
        The file's answers take the place of recorded ones that differ, which else stay.

    Raises
    ------
    InputProblems
        With every line that is no recorded answer, repeats a key or is out of order.
    """
    try:
        rows = read_rows(path, RecordedAnswer)
    except InputProblems as error:
        raise InputProblems(error.problems, "write the file again with `sunwi cache export`") from None
    recorded = store.get_many([row.key for row in rows])
    new = [row for row in rows if row.key not in recorded]
    different = [row for row in rows if row.key in recorded and recorded[row.key] != row]
    store.put_many([*new, *different] if replace else new)
    return ImportCounts(len(new), len(rows) - len(new) - len(different), len(different))
