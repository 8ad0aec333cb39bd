"""Query understanding by an LLM: one prompt a task, JSON answers; the rules' result stands behind each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from sunwi.corpus.chunking import leading_text
from sunwi.llm.outcome import Malformed, Outcome
from sunwi.llm.prompting import fill, read_object, read_prompt
from sunwi.llm.request import LlmRequest, Message
from sunwi.params.query import QueryParams
from sunwi.records.corpus import Query
from sunwi.records.submissions import UnderstoodQuery
from sunwi.resources import resource_folder

T = TypeVar("T")
PROMPTS = resource_folder("sunwi.query.prompts")
LLM = "llm"
SPEAKERS = {"user": "사용자", "assistant": "도우미", "system": "안내"}
VARIANT_KEYS = ("keywords", "concept", "related")


class Asks(Protocol):
    """What is needed of `sunwi.llm.client.LlmClient`."""

    def complete(self, requests: Sequence[LlmRequest], parse: Callable[[str], T]) -> list[Outcome[T]]:
        """One outcome a request, in the same order."""
        ...


def understand_by_llm(
    queries: Sequence[Query], by_rules: Sequence[UnderstoodQuery], params: QueryParams, client: Asks
) -> tuple[list[UnderstoodQuery], dict[str, dict[str, int]]]:
    """What the model makes of each dialogue, and a count of the ends of each task's requests.

    Asked are: a standalone query for dialogues of several turns, whether a search is needed for all, and
    for those that need one the variants and a hypothetical document (HyDE; Gao et al. 2023). Where a
    request gives no answer, its part is that of the rules, and `source` names the task and the reason.
    """
    answered = _Answers(client)
    several = [query for query in queries if len(query.messages) > 1]
    dialogues = {query.qid: {"dialogue": dialogue(query)} for query in queries}
    standalone = answered.ask(
        "rewrite", {query.qid: dialogues[query.qid] for query in several}, parse_rewrite
    )
    needs = answered.ask("intent", dialogues, parse_intent)
    texts = {row.qid: standalone.get(row.qid, row.standalone_query) for row in by_rules}
    searched = [row.qid for row in by_rules if needs.get(row.qid, row.needs_retrieval)]
    asked = {qid: {"query": texts[qid], "chars": str(params.hyde_chars)} for qid in searched}
    variants = answered.ask("variants", asked, parse_variants) if params.variants else {}
    documents = answered.ask("hyde", asked, parse_hyde) if params.hyde_chars else {}
    rows = []
    for row in by_rules:
        found = variants.get(row.qid)
        own = [text for text in found if text != texts[row.qid]] if found is not None else row.variants
        failures = answered.failures.get(row.qid, [])
        rows.append(
            UnderstoodQuery(
                eval_id=row.eval_id,
                standalone_query=texts[row.qid],
                needs_retrieval=needs.get(row.qid, row.needs_retrieval),
                variants=own[: params.variants],
                hypothetical_document=leading_text(documents.get(row.qid, ""), params.hyde_chars),
                source="; ".join([LLM, *(f"rules for {failure}" for failure in failures)]),
            )
        )
    return rows, answered.counts


class _Answers:
    """Asks task after task; keeps who failed where, and why."""

    def __init__(self, client: Asks) -> None:
        self._client = client
        self.failures: dict[str, list[str]] = {}
        self.counts: dict[str, dict[str, int]] = {}

    def ask(
        self, task: str, values: Mapping[str, Mapping[str, str]], parse: Callable[[str], T]
    ) -> dict[str, T]:
        """Query id to value, for those that were answered."""
        prompt = read_prompt(PROMPTS, task)
        requests = [
            LlmRequest(task, qid, (Message("user", fill(prompt, of_query)),))
            for qid, of_query in values.items()
        ]
        found: dict[str, T] = {}
        outcomes = self._client.complete(requests, parse)
        for outcome in outcomes:
            if outcome.value is None:
                reason = f"{task} ({outcome.status})"
                self.failures.setdefault(outcome.request.row, []).append(reason)
            else:
                found[outcome.request.row] = outcome.value
        counts = Counter(outcome.status for outcome in outcomes)
        self.counts[task] = {"asked": len(requests), **{status: counts[status] for status in sorted(counts)}}
        return found


def dialogue(query: Query) -> str:
    """The turns, each on one line behind its speaker."""
    return "\n".join(
        f"{SPEAKERS[message.role]}: {' '.join(message.content.split())}" for message in query.messages
    )


def parse_rewrite(text: str) -> str:
    """The standalone query.

    Raises
    ------
    Malformed
        If it is no text.
    """
    return _text(read_object(text), "standalone_query")


def parse_intent(text: str) -> bool:
    """Whether a search is needed.

    Raises
    ------
    Malformed
        If the answer is neither true nor false.
    """
    value = read_object(text).get("needs_retrieval")
    if not isinstance(value, bool):
        raise Malformed(f'expected {{"needs_retrieval": true}} or false, found {value!r}')
    return value


def parse_variants(text: str) -> list[str]:
    """Keywords, concept and related question, each once.

    Raises
    ------
    Malformed
        If one of them is no text.
    """
    value = read_object(text)
    return list(dict.fromkeys(_text(value, key) for key in VARIANT_KEYS))


def parse_hyde(text: str) -> str:
    """The hypothetical document.

    Raises
    ------
    Malformed
        If it is no text.
    """
    return _text(read_object(text), "passage")


def _text(value: Mapping[str, Any], key: str) -> str:
    found = value.get(key)
    if not isinstance(found, str) or not found.strip():
        raise Malformed(f'expected {{"{key}": "text"}}, found {found!r}')
    return " ".join(found.split())
