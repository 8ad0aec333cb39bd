"""Pairwise tie-break by an LLM: where the first two are nearly even, it names the better one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sunwi.llm.outcome import Malformed
from sunwi.llm.prompting import read_object, read_prompt
from sunwi.llm.task import Completer, LlmTask
from sunwi.params.finishing import Tiebreak
from sunwi.records.ranking import Ranking, gap
from sunwi.records.submissions import UnderstoodQuery
from sunwi.submit.llm.asking import PROMPTS, fallback_metrics, why

TASK = "tiebreak"
CHOICES = ("A", "B", "TIE")
SCHEMA = {
    "type": "object",
    "properties": {"better": {"type": "string", "enum": list(CHOICES)}},
    "required": ["better"],
    "additionalProperties": False,
}


def break_ties(
    queries: Sequence[UnderstoodQuery],
    rankings: Sequence[Ranking],
    texts: Mapping[str, str],
    settings: Tiebreak,
    client: Completer,
) -> tuple[list[Ranking], dict[str, Any]]:
    """Rankings whose first two are exchanged where the model prefers the second, and the counts.

    Asked are the queries whose first two lie within `margin` of each other. Models favour a position
    (Zheng et al. 2023), so each pair is shown in both orders, and the second must win both.
    A query of which either answer is missing keeps its order, with the reason among its fallbacks.
    """
    open_rows = [row for row, ranking in enumerate(rankings) if _is_open(ranking, settings.margin)]
    values = []
    for row in open_rows:
        first, second = (
            " ".join(texts[place.docid].split())[: settings.passage_chars]
            for place in rankings[row].places[:2]
        )
        for a, b in ((first, second), (second, first)):
            filled = {"query": queries[row].standalone_query, "a": a, "b": b}
            values.append((queries[row].qid, filled))
    outcomes = LlmTask(TASK, read_prompt(PROMPTS, TASK), parse_choice, SCHEMA).ask(client, values)
    decided = list(rankings)
    statuses: list[str] = []
    swapped, contradicted = 0, 0
    for row, straight, turned in zip(open_rows, outcomes[::2], outcomes[1::2], strict=True):
        failed = next((outcome for outcome in (straight, turned) if outcome.value is None), None)
        statuses.append(failed.status if failed else "ok")
        if failed is not None:
            decided[row] = rankings[row].with_note(why("tiebreak", failed))
            continue
        votes = {straight.value, {"A": "B", "B": "A"}.get(turned.value or "", "TIE")}
        contradicted += votes == {"A", "B"}
        if votes == {"B"}:
            swapped += 1
            first, second = rankings[row].document_ids[:2]
            note = {"tiebreak_gap": round(gap(rankings[row], second) or 0.0, 6)}
            decided[row] = rankings[row].reordered([second, first], note)
    metrics = {**fallback_metrics(statuses), "swapped": swapped, "contradicted": contradicted}
    return decided, metrics


def parse_choice(text: str) -> str:
    """A, B or TIE.

    Raises
    ------
    Malformed
        If the answer is none of them.
    """
    choice = str(read_object(text).get("better", "")).strip().upper()
    if choice not in CHOICES:
        raise Malformed(f'expected {{"better": "A"}}, "B" or "TIE", found {choice!r}')
    return choice


def _is_open(ranking: Ranking, margin: float) -> bool:
    if len(ranking.places) < 2:
        return False
    distance = gap(ranking, ranking.document_ids[1])
    return distance is not None and distance <= margin
