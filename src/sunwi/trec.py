"""TREC files: qrels (judgements) and runs (rankings), checked on every read and write."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from sunwi.errors import InputProblems, Problem
from sunwi.records.files import RUN_STAGE, check_exists, write_lines

Qrels = dict[str, dict[str, int]]  # query id -> docid -> grade
Run = dict[str, dict[str, float]]  # query id -> docid -> score


def write_qrels(path: Path | str, qrels: Qrels) -> None:
    """Write TREC qrels, `qid 0 docid grade` separated by tabs, sorted."""
    rows = ((qid, docid, grade) for qid in sorted(qrels) for docid, grade in sorted(qrels[qid].items()))
    write_lines(path, (f"{qid}\t0\t{docid}\t{grade}" for qid, docid, grade in rows))


def read_qrels(path: Path | str) -> Qrels:
    """Read TREC qrels (four columns) or BEIR qrels (header and three columns).

    Raises
    ------
    InputProblems
        With the line of every row with another number of columns, a grade that is no whole number
        of at least 0, or a pair that was judged before.
    """
    path = Path(path)
    qrels: Qrels = {}
    problems: list[Problem] = []
    for number, columns in _table(path, problems):
        if number == 1 and columns[0].lower() in {"query-id", "qid", "query_id"}:
            continue
        if len(columns) not in {3, 4}:
            message = f"expected `qid 0 docid grade`, found {len(columns)} columns"
            problems.append(Problem(path, number, message))
            continue
        qid, docid, grade = columns[0], columns[-2], columns[-1]
        if not qid or not docid:
            problems.append(Problem(path, number, "expected a query id and a docid, found an empty column"))
        elif not grade.isdecimal():
            problems.append(Problem(path, number, f"expected a grade of 0, 1, 2 ..., found {grade!r}"))
        elif docid in qrels.get(qid, {}):
            problems.append(Problem(path, number, f"query {qid!r} and document {docid!r} are judged twice"))
        else:
            qrels.setdefault(qid, {})[docid] = int(grade)
    if problems:
        raise InputProblems(problems, f"correct {path.name}")
    return qrels


def _table(path: Path, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and columns; a missing file raises, lines that are no UTF-8 are added to the problems."""
    check_exists(path)
    with path.open("rb") as lines:
        for number, raw in enumerate(lines, start=1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                problems.append(Problem(path, number, f"the line is no UTF-8 (byte {error.start + 1})"))
                continue
            if line.strip():
                # Tabs separate columns where there are any: an empty column must not move the others.
                yield number, line.rstrip("\r\n").split("\t") if "\t" in line else line.split()


def write_run(path: Path | str, run: Run, tag: str) -> None:
    """Write a TREC run: `qid Q0 docid rank score tag`; ties are broken by docid.

    Raises
    ------
    InputProblems
        If an id holds white space, which separates the columns of this form; nothing is written then.
    """
    ids = sorted({*run, *(docid for scores in run.values() for docid in scores)})
    spaced = [name for name in ids if len(name.split()) != 1]
    problems = [Problem(path, None, f"the id {name!r} holds white space") for name in spaced]
    if problems:
        raise InputProblems(problems, "rename these ids in the source: TREC files cannot hold them")

    def lines() -> Iterator[str]:
        for qid in sorted(run):
            for rank, (docid, score) in enumerate(ranked(run[qid]), start=1):
                yield f"{qid} Q0 {docid} {rank} {float(score)!r} {tag}"

    write_lines(path, lines())


def read_run(path: Path | str) -> Run:
    """Read a TREC run; queries without a retrieved document are not in it.

    Raises
    ------
    InputProblems
        With the line of every row with another number of columns, a score that is no number, or a pair
        that was there before.
    """
    path = Path(path)
    run: Run = {}
    problems: list[Problem] = []
    for number, columns in _table(path, problems):
        if len(columns) != 6:
            message = f"expected `qid Q0 docid rank score tag`, found {len(columns)} columns"
            problems.append(Problem(path, number, message))
            continue
        qid, docid, score = columns[0], columns[2], _finite(columns[4])
        if score is None:
            problems.append(Problem(path, number, f"expected a number as score, found {columns[4]!r}"))
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
