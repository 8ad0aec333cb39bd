"""Relevance judgements: TREC qrels (`qid 0 docid grade`) and BEIR's (header, `query-id corpus-id score`)."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from pathlib import Path

from sunwi.corpus.draft import Draft, Location
from sunwi.corpus.rows import Judgement

DANGLING = "judgement of an unknown"  # query or document
_HEADERS = frozenset({"query-id", "query_id", "qid"})


def read_judgements(path: Path, draft: Draft) -> Iterator[tuple[Location, Judgement]]:
    """Each row with its place.

    A grade below 0, which TREC uses for spam, becomes 0 and is counted.
    """
    for number, line in enumerate(draft.open(path).lines, start=1):
        if line is None or not line.strip():
            continue
        place = Location(path, number)
        columns = [part.strip() for part in line.split("\t")] if "\t" in line else line.split()
        if number == 1 and columns[0].lower() in _HEADERS:
            continue
        if len(columns) not in {3, 4}:
            found = f"{len(columns)} columns"
            draft.problems.append(place.problem(f"expected `qid 0 docid grade`, found {found}"))
            continue
        grade = _grade(columns[-1])
        if grade is None:
            draft.problems.append(place.problem(f"expected a whole number as grade, found {columns[-1]!r}"))
            continue
        if not (columns[0] and columns[-2]):
            draft.problems.append(place.problem("expected a query id and a docid, found an empty column"))
            continue
        if grade < 0:
            draft.counted[f"grade below 0 in {path.name}, read as 0"] += 1
        yield place, Judgement(columns[0], columns[-2], max(grade, 0))


def without_dangling(
    rows: Iterable[tuple[Location, Judgement]],
    queries: Container[str],
    documents: Container[str],
    draft: Draft,
) -> list[tuple[Location, Judgement]]:
    """The rows whose query and document are there; the others are counted by what is missing and by file."""
    kept = []
    for place, row in rows:
        missing = [
            what
            for what, held in (("query", row.qid in queries), ("document", row.docid in documents))
            if not held
        ]
        if missing:
            draft.counted[
                f"judgements in {place.path.name} of an unknown {' and '.join(missing)}, left out"
            ] += 1
        else:
            kept.append((place, row))
    return kept


def _grade(text: str) -> int | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return int(value) if value.is_integer() else None
