"""Grades of query and passage by a rubric, 0 to 3, the reason first (UMBRELA; Upadhyay et al. 2024)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sunwi.llm.outcome import Malformed, Outcome
from sunwi.llm.prompting import read_object, read_prompt
from sunwi.llm.request import LlmRequest
from sunwi.llm.task import Completer, LlmTask, all_answered
from sunwi.resources import resource_folder

PROMPTS = resource_folder("sunwi.llm_judge.prompts")
TASK = "judge"
REASON_CHARS = 500  # of a reason that is kept
SCHEMA = {
    "type": "object",
    "properties": {"reason": {"type": "string"}, "grade": {"type": "integer", "minimum": 0, "maximum": 3}},
    "required": ["reason", "grade"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Pair:
    """What is graded: the id of its row in messages, the query, the passage's text."""

    row: str
    query: str
    passage: str


@dataclass(frozen=True, slots=True)
class Graded:
    """A grade from 0 (unrelated) to 3 (a whole answer), and the model's reason."""

    grade: int
    reason: str


def grade_pairs(client: Completer, pairs: Sequence[Pair], passage_chars: int) -> list[Outcome[Graded]]:
    """One outcome a pair, in order; equal pairs are one call.

    Raises
    ------
    LlmError
        If the run must stop, or a pair got no answer in all tries (the next run asks it again).
    """
    return all_answered(client.complete(grade_requests(pairs, passage_chars), parse_grade))


def grade_requests(pairs: Sequence[Pair], passage_chars: int) -> list[LlmRequest]:
    """The request for each pair."""
    task = LlmTask(TASK, read_prompt(PROMPTS, "grade"), parse_grade, SCHEMA)
    return [
        task.request(
            pair.row, {"query": squeezed(pair.query), "passage": squeezed(pair.passage)[:passage_chars]}
        )
        for pair in pairs
    ]


def parse_grade(text: str) -> Graded:
    """The reason and the grade.

    Raises
    ------
    Malformed
        If the grade is no whole number from 0 to 3, or the reason is no text.

    Examples
    --------
    >>> parse_grade('{"reason": "답이 그대로 있다.", "grade": 3}')
    Graded(grade=3, reason='답이 그대로 있다.')
    """
    value = read_object(text)
    grade, reason = value.get("grade"), value.get("reason")
    if isinstance(grade, bool) or not isinstance(grade, int) or not 0 <= grade <= 3:
        raise Malformed(f'expected "grade" as a whole number from 0 to 3, found {grade!r}')
    if not isinstance(reason, str) or not reason.strip():
        raise Malformed(f'expected "reason" as text, found {reason!r}')
    return Graded(grade, squeezed(reason)[:REASON_CHARS])


def squeezed(text: str) -> str:
    """The text on one line."""
    return " ".join(text.split())
