"""Relevance judgements of an input, with their places; the form is that of `trec.judgement_rows`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from sunwi.corpus.draft import Draft, Location
from sunwi.corpus.identifiers import KnownIds
from sunwi.corpus.rows import Judgement
from sunwi.trec import judgement_rows, unescape_id

DANGLING = "judgement of an unknown"  # query or document


def read_judgements(
    path: Path, draft: Draft, queries: Collection[str], documents: Collection[str], *, escaped: bool = False
) -> Iterator[tuple[Location, Judgement]]:
    """Each row with its place.

    A grade below 0, which TREC uses for spam, becomes 0 and is counted.

    Parameters
    ----------
    queries, documents
        The ids that there are: they decide whether `%20` of a file is an escaped space (`trec.escape_id`).
    escaped
        Which reading comes first where both are ids: the escaped one in files of our own.
    """
    lines = ((number, line) for number, line in enumerate(draft.open(path).lines, start=1))
    filled = ((number, line) for number, line in lines if line is not None and line.strip())
    for number, *columns, grade in judgement_rows(path, filled, draft.problems):
        place = Location(path, number)
        valid = [draft.check_id(place, "id", column) for column in columns]  # each notes its own fault
        if not all(valid):
            continue
        if grade < 0:
            draft.counted[f"grade below 0 in {path.name}, read as 0"] += 1
        qid, docid = (
            _as_known(column, known, escaped=escaped)
            for column, known in zip(columns, (queries, documents), strict=True)
        )
        yield place, Judgement(qid, docid, max(grade, 0))


def _as_known(column: str, known: Collection[str], *, escaped: bool) -> str:
    readings = (unescape_id(column), column) if escaped else (column, unescape_id(column))
    return next((reading for reading in readings if reading in known), readings[0])


def without_dangling(
    rows: Iterable[tuple[Location, Judgement]], queries: KnownIds, documents: KnownIds, draft: Draft
) -> list[tuple[Location, Judgement]]:
    """The rows whose query and document are there; the others are counted by what is missing and by file.

    An id that looks the same as a known one stays, for it is a fault of its form.
    """
    known_rows = []
    for place, row in rows:
        missing = [
            what
            for what, identifier, known in (("query", row.qid, queries), ("document", row.docid, documents))
            if identifier not in known and known.like(identifier) is None
        ]
        if missing:
            what = f"judgements in {place.path.name} of an unknown {' and '.join(missing)}, left out"
            draft.counted[what] += 1
        else:
            known_rows.append((place, row))
    return known_rows
