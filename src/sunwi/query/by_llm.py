"""Query understanding by an LLM: one prompt a task, JSON answers; the rules' result where one fails."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sunwi.corpus.chunking import leading_text
from sunwi.llm.outcome import Malformed
from sunwi.llm.prompting import read_object, read_prompt
from sunwi.llm.refusal import is_refusal
from sunwi.llm.task import Completer, LlmTask
from sunwi.params.query import QueryParams
from sunwi.records.corpus import Query
from sunwi.records.submissions import UnderstoodQuery
from sunwi.resources import resource_folder

T = TypeVar("T")
PROMPTS = resource_folder("sunwi.query.prompts")
LLM = "llm"
SPEAKERS = {"user": "사용자", "assistant": "도우미", "system": "안내"}
VARIANT_KEYS = ("keywords", "concept", "related")


def understand_by_llm(
    queries: Sequence[Query], by_rules: Sequence[UnderstoodQuery], params: QueryParams, client: Completer
) -> tuple[list[UnderstoodQuery], dict[str, dict[str, int]]]:
    """What the model makes of each dialogue, and a count of the ends of each task's requests.

    Asked are: a standalone query for dialogues of several turns, whether a search is needed for all, and
    for those that need one the variants and a hypothetical document (HyDE; Gao et al. 2023). Where a
    request gives no answer, its part is that of the rules, and `source` names the task and the reason.
    """
    answers = _Answers(client)
    dialogues = {query.qid: {"dialogue": dialogue(query)} for query in queries}
    turns = {query.qid: dialogues[query.qid] for query in queries if len(query.messages) > 1}
    standalone = answers.ask("rewrite", turns, parse_rewrite)
    needs = answers.ask("intent", dialogues, parse_intent)
    texts = {row.qid: standalone.get(row.qid, row.standalone_query) for row in by_rules}
    searched = {
        row.qid: {"query": texts[row.qid], "chars": str(params.hyde_chars)}
        for row in by_rules
        if needs.get(row.qid, row.needs_retrieval)
    }
    variants = answers.ask("variants", searched, parse_variants) if params.variants else {}
    documents = answers.ask("hyde", searched, parse_hyde) if params.hyde_chars else {}
    rows = []
    for row in by_rules:
        own = variants.get(row.qid)
        wordings = row.variants if own is None else [text for text in own if text != texts[row.qid]]
        failures = answers.failures.get(row.qid, [])
        rows.append(
            UnderstoodQuery(
                eval_id=row.eval_id,
                standalone_query=texts[row.qid],
                needs_retrieval=needs.get(row.qid, row.needs_retrieval),
                variants=wordings[: params.variants],
                hypothetical_document=leading_text(documents.get(row.qid, ""), params.hyde_chars),
                source="; ".join([LLM, *(f"rules for {failure}" for failure in failures)]),
            )
        )
    return rows, answers.counts


class _Answers:
    """Asks task after task; keeps which query failed in which task, and why."""

    def __init__(self, client: Completer) -> None:
        self._client = client
        self.failures: defaultdict[str, list[str]] = defaultdict(list)
        self.counts: dict[str, dict[str, int]] = {}

    def ask(
        self, task: str, values: Mapping[str, Mapping[str, str]], parse: Callable[[str], T]
    ) -> dict[str, T]:
        """Query id to value, for those that were answered."""
        outcomes = LlmTask(task, read_prompt(PROMPTS, task), parse).ask(self._client, values.items())
        for outcome in outcomes:
            if outcome.value is None:
                self.failures[outcome.request.row].append(f"{task} ({outcome.status})")
        counts = Counter(outcome.status for outcome in outcomes)
        self.counts[task] = {"asked": len(outcomes), **{status: counts[status] for status in sorted(counts)}}
        return {outcome.request.row: outcome.value for outcome in outcomes if outcome.value is not None}


def dialogue(query: Query) -> str:
    """The turns, each on one line after its speaker."""
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
    text = value.get(key)
    if not isinstance(text, str) or not text.strip():
        raise Malformed(f'expected {{"{key}": "text"}}, found {text!r}')
    if is_refusal(text):
        raise Malformed(f'expected "{key}", found a refusal')
    return " ".join(text.split())
