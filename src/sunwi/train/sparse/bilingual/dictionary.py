"""Korean-English term pairs: a tab-separated file of fields, checked line by line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sunwi.errors import InputProblems, Problem
from sunwi.resources import resource_file
from sunwi.text import normalise

SCIENCE_TERMS = resource_file("sunwi.train.sparse.bilingual", "science_terms.tsv")
_HANGUL = re.compile(r"[가-힣]")
_LATIN = re.compile(r"[A-Za-z]")


@dataclass(frozen=True, slots=True, order=True)
class TermPair:
    """A Korean term and its English one."""

    korean: str
    english: str
    field: str


def science_terms() -> list[TermPair]:
    """The package's own dictionary of science and IT terms."""
    return parse_terms(SCIENCE_TERMS.read_text(encoding="utf-8"), SCIENCE_TERMS.name)


def read_terms(path: Path) -> list[TermPair]:
    """A user's dictionary: `korean <tab> english <tab> field` a line, `#` starts a comment.

    Raises
    ------
    InputProblems
        With the line of every fault.
    """
    if not path.exists():
        raise InputProblems(
            [Problem(path, None, "the file does not exist")], "give the path of a dictionary file"
        )
    return parse_terms(path.read_text(encoding="utf-8"), path)


def parse_terms(text: str, path: Path | str) -> list[TermPair]:
    """Pairs of a dictionary's text, sorted by the Korean term.

    A Korean term occurs once, with its usual English term; an English term may translate several.
    """
    pairs: list[TermPair] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = line.split("\t")
        faults = _faults(cells)
        if not faults and cells[0] in seen:
            faults = [f"{cells[0]!r} is already on line {seen[cells[0]]}"]
        problems += [Problem(path, number, fault) for fault in faults]
        if not faults:
            seen[cells[0]] = number
            pairs.append(TermPair(*cells))
    if not pairs and not problems:
        problems.append(Problem(path, None, "expected at least one term pair, found none"))
    if problems:
        raise InputProblems(problems, "write `korean<tab>english<tab>field`, one pair a line")
    return sorted(pairs)


def _faults(cells: Sequence[str]) -> list[str]:
    if len(cells) != 3:
        return [f"expected 3 cells separated by tabs, found {len(cells)}"]
    korean, english, field = cells
    faults = [f"{cell!r} has leading, trailing or double spaces, or invisible characters"
              for cell in cells if cell != normalise(cell)]  # fmt: skip
    if not _HANGUL.search(korean):
        faults.append(f"expected a Korean term in the first cell, found {korean!r}")
    if not _LATIN.search(english) or _HANGUL.search(english):
        faults.append(f"expected an English term in the second cell, found {english!r}")
    if not field:
        faults.append("the third cell, the field, is empty")
    return faults
