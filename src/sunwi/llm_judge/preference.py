"""Which of two passages answers better: both orders are asked, since models favour a place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sunwi.llm.outcome import Malformed, Outcome
from sunwi.llm.prompting import read_object, read_prompt
from sunwi.llm.task import Completer, LlmTask, all_answered
from sunwi.llm_judge.rubric import PROMPTS, squeezed

TASK = "judge_compare"
CHOICES = ("A", "B", "TIE")
TURNED = {"A": "B", "B": "A", "TIE": "TIE"}
SCHEMA = {
    "type": "object",
    "properties": {"reason": {"type": "string"}, "better": {"type": "string", "enum": list(CHOICES)}},
    "required": ["reason", "better"],
    "additionalProperties": False,
}
Preferred = Literal["first", "second", "even", "contradicted", "unanswered"]


@dataclass(frozen=True, slots=True)
class Contest:
    """Two passages for one query."""

    row: str
    query: str
    first: str
    second: str


def prefer(client: Completer, contests: Sequence[Contest], passage_chars: int) -> list[Preferred]:
    """What both orders say together (Zheng et al. 2023), one a contest.

    first, second: it wins in both orders, or in one while the other order is a tie. even: two ties.
    contradicted: the same place wins in both orders. unanswered: an order has no usable answer.

    Raises
    ------
    LlmError
        If the run must stop, or a request got no answer in all tries.
    """
    task = LlmTask(TASK, read_prompt(PROMPTS, "compare"), parse_choice, SCHEMA)
    values = []
    for contest in contests:
        first, second = (squeezed(text)[:passage_chars] for text in (contest.first, contest.second))
        for a, b in ((first, second), (second, first)):
            values.append((contest.row, {"query": squeezed(contest.query), "a": a, "b": b}))
    outcomes = all_answered(task.ask(client, values))
    return [_together(*orders) for orders in zip(outcomes[::2], outcomes[1::2], strict=True)]


def _together(straight: Outcome[str], turned: Outcome[str]) -> Preferred:
    if straight.value is None or turned.value is None:
        return "unanswered"
    votes = {straight.value, TURNED[turned.value]} - {"TIE"}
    if len(votes) == 2:
        return "contradicted"
    return "even" if not votes else "first" if votes == {"A"} else "second"


def parse_choice(text: str) -> str:
    """A, B or TIE.

    Raises
    ------
    Malformed
        If the answer is none of them, or has no reason.
    """
    value = read_object(text)
    choice = str(value.get("better", "")).strip().upper()
    if choice not in CHOICES:
        raise Malformed(f'expected "better" as "A", "B" or "TIE", found {choice!r}')
    if not isinstance(value.get("reason"), str) or not value["reason"].strip():
        raise Malformed(f'expected "reason" as text, found {value.get("reason")!r}')
    return choice
