"""`data/judgements/JUDGE.jsonl`: every key press of a judge is one line, appended and never changed.

A judge has a file alone, so that two branches merge without conflict; a later line on the same query and
passage replaces the earlier one, and a line of kind "undo" takes the judge's last one on them back.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from sunwi.errors import InputProblems, Problem
from sunwi.records.files import canonical_json, describe_fault
from sunwi.records.row import Identifier, Row

Kind = Literal["grade", "cannot_tell", "chitchat", "unclear", "undo"]
SplitName = Literal["test", "dev", "new"]
Pair = tuple[str, str, str]  # split, query id, document id; of a whole query the document id is ""
OF_QUERY = frozenset({"chitchat", "unclear"})


class JudgementLine(Row):
    """One line.

    Attributes
    ----------
    docid
        The document; "" for what is said of the query itself.
    at
        UTC, ISO 8601 with seconds.
    query, shown
        What the judge read: the query, and the hash of the passage's text.
    machine
        A language model's line: never counted with people's.
    """

    judge: Annotated[str, Field(pattern=r"^[\w.-]{1,40}$")]
    split: SplitName
    qid: Identifier
    docid: str = ""
    kind: Kind
    grade: Annotated[int, Field(ge=0, le=3)] | None = None
    note: Annotated[str, Field(max_length=2000)] = ""
    at: str
    query: str
    shown: str = ""
    random: bool = False
    machine: bool = False

    @model_validator(mode="after")
    def _grade_fits(self) -> JudgementLine:
        if (self.kind == "grade") != (self.grade is not None):
            raise ValueError("a line of kind grade has a grade, and no other one has")
        if self.kind in OF_QUERY and self.docid:
            raise ValueError(f"{self.kind} is said of a query, not of a document")
        return self

    @property
    def pair(self) -> Pair:
        """What it judges."""
        return self.split, self.qid, self.docid


def append_line(folder: Path, line: JudgementLine) -> None:
    """Append one line and bring it to the disk; what a killed writer left of a line is cut off before."""
    append_lines(folder, [line])


def append_lines(folder: Path, lines: Sequence[JudgementLine]) -> None:
    """Append lines of one judge together, as `append_line` does."""
    folder.mkdir(parents=True, exist_ok=True)
    (judge,) = {line.judge for line in lines}
    path = folder / f"{judge}.jsonl"
    with path.open("a+b") as out:
        end = out.seek(0, os.SEEK_END)
        if end:
            out.seek(0)
            whole = out.read().rfind(b"\n") + 1
            if whole < end:
                out.truncate(whole)
        rows = [canonical_json(line.model_dump(exclude_defaults=True)) + "\n" for line in lines]
        out.write("".join(rows).encode())
        out.flush()
        os.fsync(out.fileno())


def read_lines(folder: Path) -> list[JudgementLine]:
    """Every whole line of every judge, each judge's in order; a torn last line is left out.

    Raises
    ------
    InputProblems
        With file and line of every whole line that is not valid, or is not of its file's judge.
    """
    lines: list[JudgementLine] = []
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.jsonl")) if folder.exists() else []:
        *whole, _ = path.read_bytes().split(b"\n")
        for number, text in enumerate(whole, start=1):
            try:
                line = JudgementLine.model_validate_json(text)
            except ValidationError as error:
                problems += [Problem(path, number, describe_fault(fault)) for fault in error.errors()]
                continue
            if line.judge != path.stem:
                problems.append(Problem(path, number, f"the judge is {line.judge!r}; expected {path.stem!r}"))
            lines.append(line)
    if problems:
        raise InputProblems(problems, "correct these lines, or take them out")
    return lines


def standing(lines: Iterable[JudgementLine]) -> dict[str, dict[Pair, JudgementLine]]:
    """Judge to pair to the line that holds: the latest, unless it was taken back.

    Undoing gives back the line before, so that a judge may go several steps back.
    """
    stacks: dict[str, dict[Pair, list[JudgementLine]]] = {}
    for line in lines:
        stack = stacks.setdefault(line.judge, {}).setdefault(line.pair, [])
        if line.kind != "undo":
            stack.append(line)
        elif stack:
            stack.pop()
    return {
        judge: {pair: stack[-1] for pair, stack in of_judge.items() if stack}
        for judge, of_judge in stacks.items()
    }


def machines(held: Mapping[str, Mapping[Pair, JudgementLine]]) -> dict[str, dict[Pair, JudgementLine]]:
    """The lines that language models wrote."""
    kept = {
        judge: {pair: line for pair, line in lines.items() if line.machine} for judge, lines in held.items()
    }
    return {judge: lines for judge, lines in kept.items() if lines}


def people(held: Mapping[str, Mapping[Pair, JudgementLine]]) -> dict[str, dict[Pair, JudgementLine]]:
    """The lines that people wrote."""
    kept = {
        judge: {pair: line for pair, line in lines.items() if not line.machine}
        for judge, lines in held.items()
    }
    return {judge: lines for judge, lines in kept.items() if lines}
