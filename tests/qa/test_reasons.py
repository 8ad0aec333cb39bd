"""Every reason for which a question can be refused has words for the report, and no words are left over."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import pytest

import sunwi.qa
from sunwi.errors import DataError
from sunwi.llm.outcome import Status
from sunwi.qa.candidate import Candidate, Evidence, FilterVerdict
from sunwi.qa.filter import Filter
from sunwi.qa.judging import FILTERS, filters_of, judge
from sunwi.qa.reasons import BEYOND_LIMIT, reason_labels

QA = Path(sunwi.qa.__file__).parent


def given_in(path: Path) -> set[str]:
    """Reason codes of a source file: second value of a FilterVerdict or returned pair, or a `reason`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        places: list[ast.expr] = []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "FilterVerdict":
            places = node.args[1:]
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            places = node.value.elts[1:]
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            places = [node.value] if node.targets[0].id == "reason" else []
        for place in places:
            chosen = [place.body, place.orelse] if isinstance(place, ast.IfExp) else [place]
            found |= {one.value for one in chosen if isinstance(one, ast.Constant)}
    return {code for code in found if isinstance(code, str)}


def test_the_words_are_those_of_the_reasons_that_the_source_gives() -> None:
    files = [*(QA / "filters").glob("[!_]*.py"), QA / "parse.py", QA / "duplicates.py"]
    given = {path.stem: given_in(path) for path in files}
    assert all(given.values()), given
    unanswered = {f"answer_{status}" for status in get_args(Status)}
    labels = reason_labels()
    assert labels.keys() == set().union(*given.values()) | unanswered | {BEYOND_LIMIT}
    assert all(words != code and words.strip() for code, words in labels.items())
    assert len(set(labels.values())) == len(labels)


def test_the_filters_come_in_the_order_of_their_precedence() -> None:
    names = {id(one): name for name, one in FILTERS.all().items()}
    by_text = [names[id(one)] for one in filters_of("text")]
    by_search = [names[id(one)] for one in filters_of("search")]
    assert by_text == ["language", "form", "leakage", "evaluation", "copying"]
    assert by_search == ["evaluation_meaning", "round_trip", "answerability"]


def test_a_reason_that_its_filter_does_not_declare_is_refused() -> None:
    rule = Filter(
        "text", 1, {"too_plain": "밋밋함"}, lambda _asked, _evidence: FilterVerdict({}, "too_plane")
    )
    asked = Candidate("a-01", "a", "왜 그런가요?", "given", "test", paraphrase=True)
    with pytest.raises(DataError, match="refused a question for 'too_plane', which is none of its reasons"):
        judge(asked, Evidence("", (), frozenset(), 0.0, 0.7), [rule])
