"""An answer from the best passages, with the documents that it rests on; optional, by an LLM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sunwi.llm.outcome import Malformed
from sunwi.llm.prompting import read_object, read_prompt
from sunwi.llm.task import Completer, LlmTask
from sunwi.params.finishing import Answering
from sunwi.records.ranking import Ranking
from sunwi.records.submissions import UnderstoodQuery
from sunwi.submit.llm.asking import PROMPTS, fallback_metrics, passage_block, why

TASK = "answer"
SCHEMA = {
    "type": "object",
    "properties": {
        "answer": {"type": "string"},
        "references": {"type": "array", "items": {"type": "integer"}},
    },
    "required": ["answer", "references"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """Text, docids of the passages that it names, and why there is none."""

    text: str
    references: list[str]
    fallback: str | None


def write_answers(
    queries: Sequence[UnderstoodQuery],
    rankings: Sequence[Ranking],
    texts: Mapping[str, str],
    settings: Answering,
    client: Completer,
) -> tuple[list[Answer], dict[str, Any]]:
    """One answer a query from its first `passages`; empty, with the reason, where the model gave none.

    A reference to a passage that was not shown makes the answer malformed: it would be invented.
    """
    rows = [row for row, ranking in enumerate(rankings) if ranking.places]
    values = []
    for row in rows:
        shown = [texts[place.docid] for place in rankings[row].places[: settings.passages]]
        block = passage_block(shown, settings.passage_chars)
        values.append((queries[row].qid, {"query": queries[row].standalone_query, "passages": block}))
    outcomes = LlmTask(TASK, read_prompt(PROMPTS, TASK), parse_answer, SCHEMA).ask(client, values)
    answers = [Answer("", [], None) for _ in rankings]
    statuses: list[str] = []
    for row, outcome in zip(rows, outcomes, strict=True):
        shown_ids = rankings[row].document_ids[: settings.passages]
        statuses.append(outcome.status)
        if outcome.value is None:
            answers[row] = Answer("", [], why("answer", outcome))
            continue
        text, numbers = outcome.value
        known = [shown_ids[number - 1] for number in numbers if number <= len(shown_ids)]
        if len(known) < len(numbers):
            statuses[-1] = "unknown_reference"
            answers[row] = Answer("", [], "answer: it refers to a passage that was not shown")
        else:
            answers[row] = Answer(text, known, None)
    return answers, fallback_metrics(statuses)


def parse_answer(text: str) -> tuple[str, list[int]]:
    """The answer's text and the numbers of the passages that it rests on, each once.

    Raises
    ------
    Malformed
        If there is no text, or a reference is no number from 1.
    """
    value = read_object(text)
    answer, references = value.get("answer"), value.get("references", [])
    if not isinstance(answer, str) or not answer.strip():
        raise Malformed('expected {"answer": "text", "references": [numbers]}, found no text')
    if not isinstance(references, list) or not all(
        isinstance(number, int) and not isinstance(number, bool) and number >= 1 for number in references
    ):
        raise Malformed(f"expected references as numbers from 1, found {references!r}")
    return " ".join(answer.split()), list(dict.fromkeys(references))
