"""An answer from the best passages, with the documents that it rests on; optional, by an LLM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sunwi.llm.outcome import Malformed
from sunwi.llm.prompting import read_object
from sunwi.params.finishing import Answering
from sunwi.records.ranking import Ranking
from sunwi.records.submissions import UnderstoodQuery
from sunwi.submit.llm.asking import Asks, fallback_metrics, passage_block, request, why

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
    client: Asks,
) -> tuple[list[Answer], dict[str, Any]]:
    """One answer a query from its first `passages`; empty, with the reason, where the model gave none.

    A reference to a passage that was not shown makes the answer malformed: it would be invented.
    """
    rows = [at for at, ranking in enumerate(rankings) if ranking.places]
    asked = []
    for at in rows:
        shown = [texts[place.docid] for place in rankings[at].places[: settings.passages]]
        block = passage_block(shown, settings.passage_chars)
        values = {"query": queries[at].standalone_query, "passages": block}
        asked.append(request(TASK, queries[at].qid, values, SCHEMA))
    found = [Answer("", [], None) for _ in rankings]
    statuses: list[str] = []
    for at, outcome in zip(rows, client.complete(asked, parse_answer), strict=True):
        shown_ids = rankings[at].document_ids[: settings.passages]
        statuses.append(outcome.status)
        if outcome.value is None:
            found[at] = Answer("", [], why("answer", outcome))
            continue
        text, numbers = outcome.value
        known = [shown_ids[number - 1] for number in numbers if number <= len(shown_ids)]
        if len(known) < len(numbers):
            statuses[-1] = "unknown_reference"
            found[at] = Answer("", [], "answer: it refers to a passage that was not shown")
        else:
            found[at] = Answer(text, known, None)
    return found, fallback_metrics(statuses)


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
