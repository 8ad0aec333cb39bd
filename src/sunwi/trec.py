"""TREC files: qrels (judgements) and runs (rankings), checked on every read and write.

White space separates the columns of these forms, and ids may hold it (file names do): an id is written with
its white space, control characters and `%` percent-encoded, and read back as it was.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote

from sunwi.errors import InputProblems, Problem
from sunwi.records.files import RUN_STAGE, check_exists, write_lines

Qrels = dict[str, dict[str, int]]  # query id -> docid -> grade
Run = dict[str, dict[str, float]]  # query id -> docid -> score
_HEADERS = frozenset({"query-id", "query_id", "qid"})
_UNSAFE = re.compile(r"[\s%\x00-\x1f\x7f-\x9f\ufeff]")


class JudgementRow(NamedTuple):
    """One row of a qrels file: its line, its ids as they are written there, and its grade."""

    line: int
    qid: str
    docid: str
    grade: int


def escape_id(identifier: str) -> str:
    """An id as one column of a TREC file.

    Examples
    --------
    >>> escape_id("제1조 100%.pdf")
    '제1조%20100%25.pdf'
    """
    return _UNSAFE.sub(lambda match: quote(match[0], safe=""), identifier)


def unescape_id(column: str) -> str:
    """The id that `escape_id` wrote.

    Examples
    --------
    >>> unescape_id("제1조%20100%25.pdf")
    '제1조 100%.pdf'
    """
    return unquote(column) if "%" in column else column


def write_qrels(path: Path | str, qrels: Qrels) -> None:
    """Write TREC qrels, `qid 0 docid grade` separated by tabs, sorted by id; ids by `escape_id`."""
    rows = ((qid, docid, grade) for qid in sorted(qrels) for docid, grade in sorted(qrels[qid].items()))
    write_lines(path, (f"{escape_id(qid)}\t0\t{escape_id(docid)}\t{grade}" for qid, docid, grade in rows))


def read_qrels(path: Path | str) -> Qrels:
    """Read qrels that `write_qrels` wrote, or a file of the same form; ids by `unescape_id`.

    Raises
    ------
    InputProblems
        With the line of every row with another number of columns, a grade that is no whole number
        of at least 0, or a pair that was judged before.
    """
    path = Path(path)
    qrels: Qrels = {}
    problems: list[Problem] = []
    for line, *escaped, grade in judgement_rows(path, _lines(path, problems), problems):
        qid, docid = map(unescape_id, escaped)
        if grade < 0:
            problems.append(Problem(path, line, f"expected a grade of 0, 1, 2 ..., found '{grade}'"))
        elif docid in qrels.get(qid, {}):
            problems.append(Problem(path, line, f"query {qid!r} and document {docid!r} are judged twice"))
        else:
            qrels.setdefault(qid, {})[docid] = grade
    if problems:
        raise InputProblems(problems, f"correct {path.name}, or {RUN_STAGE}")
    return qrels


def judgement_rows(
    path: Path, lines: Iterable[tuple[int, str]], problems: list[Problem]
) -> Iterator[JudgementRow]:
    """The rows of TREC qrels (four columns) or BEIR qrels (header and three columns); faults are noted.

    Grades are whole numbers, also written as `1.0`, and may be below 0, which TREC uses for spam.
    """
    for number, line in lines:
        # Tabs separate the columns where there are any: an empty column must not move the others.
        columns = [part.strip() for part in line.split("\t")] if "\t" in line else line.split()
        grade = _grade(columns[-1])
        if number == 1 and columns[0].lower() in _HEADERS and grade is None:
            continue
        if len(columns) not in {3, 4}:
            what = f"expected `qid 0 docid grade`, found {len(columns)} columns"
            hint = "; if an id holds spaces, separate the columns by tabs" if len(columns) > 4 else ""
            problems.append(Problem(path, number, what + hint))
        elif not (columns[0] and columns[-2]):
            problems.append(Problem(path, number, "expected a query id and a docid, found an empty column"))
        elif grade is None:
            what = f"expected a whole number as grade, found {columns[-1][:40]!r}"
            problems.append(Problem(path, number, what))
        else:
            yield JudgementRow(number, columns[0], columns[-2], grade)


def _grade(text: str) -> int | None:
    value = _finite(text)
    return int(value) if value is not None and value.is_integer() else None


def _lines(path: Path, problems: list[Problem]) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, without blank ones; a missing file raises, what is no UTF-8 is noted."""
    check_exists(path)
    with path.open("rb") as lines:
        for number, raw in enumerate(lines, start=1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                problems.append(Problem(path, number, f"the line is no UTF-8 (byte {error.start + 1})"))
                continue
            if line.strip():
                yield number, line.rstrip("\r\n")


def write_run(path: Path | str, run: Run, tag: str) -> None:
    """Write a TREC run: `qid Q0 docid rank score tag`; ties are broken by docid, ids by `escape_id`."""

    def lines() -> Iterator[str]:
        for qid in sorted(run):
            for rank, (docid, score) in enumerate(ranked(run[qid]), start=1):
                yield f"{escape_id(qid)} Q0 {escape_id(docid)} {rank} {float(score)!r} {tag}"

    write_lines(path, lines())


def read_run(path: Path | str) -> Run:
    """Read a TREC run; ids by `unescape_id`. Queries without a retrieved document are not in it.

    Raises
    ------
    InputProblems
        With the line of every row with another number of columns, a score that is no number, or a pair
        that was there before.
    """
    path = Path(path)
    run: Run = {}
    problems: list[Problem] = []
    for number, line in _lines(path, problems):
        columns = line.split()
        if len(columns) != 6:
            message = f"expected `qid Q0 docid rank score tag`, found {len(columns)} columns"
            problems.append(Problem(path, number, message))
            continue
        qid, docid, score = unescape_id(columns[0]), unescape_id(columns[2]), _finite(columns[4])
        if score is None:
            problems.append(Problem(path, number, f"expected a number as score, found {columns[4][:40]!r}"))
        elif docid in run.get(qid, {}):
            problems.append(Problem(path, number, f"query {qid!r} lists document {docid!r} twice"))
        else:
            run.setdefault(qid, {})[docid] = score
    if problems:
        raise InputProblems(problems, f"correct {path.name}, or {RUN_STAGE}")
    return run


def _finite(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def ranked(scores: dict[str, float]) -> list[tuple[str, float]]:
    """Documents by falling score; ties are broken by docid."""
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))
