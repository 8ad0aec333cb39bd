"""Augmentation by an LLM: paraphrases and contrasting negatives, each verified by a second request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

from sunwi.errors import LlmError
from sunwi.llm.outcome import Malformed, Outcome
from sunwi.llm.prompting import fill, read_object, read_prompt
from sunwi.llm.request import LlmRequest, Message
from sunwi.params.augment_failures import AugmentFailuresParams
from sunwi.records.failures import AugmentedFailure, Failure
from sunwi.resources import resource_folder
from sunwi.text import squeeze
from sunwi.train.targeted.augment import Negative, augment_metrics, rows_of, trainable

T = TypeVar("T")
PROMPTS = resource_folder("sunwi.train.targeted.prompts")
_TEXTS = {"type": "array", "items": {"type": "string"}}
SCHEMA = {
    "type": "object",
    "properties": {"paraphrases": _TEXTS, "negatives": _TEXTS},
    "required": ["paraphrases", "negatives"],
    "additionalProperties": False,
}
VERDICT = {
    "type": "object",
    "properties": {"answers": {"type": "boolean"}},
    "required": ["answers"],
    "additionalProperties": False,
}


class Asks(Protocol):
    """What is needed of `sunwi.llm.client.LlmClient`."""

    @property
    def model(self) -> str: ...

    def complete(self, requests: Sequence[LlmRequest], parse: Callable[[str], T]) -> list[Outcome[T]]: ...


@dataclass(frozen=True, slots=True)
class Written:
    """What a model wrote for one failure."""

    paraphrases: list[str]
    negatives: list[str]


def augment_by_llm(
    failures: Sequence[Failure],
    mined: Mapping[str, Sequence[Negative]],
    settings: AugmentFailuresParams,
    client: Asks,
) -> tuple[list[AugmentedFailure], dict[str, Any]]:
    """Questions to train on, and the counts.

    A paraphrase stays if the model says that the positive answers it, a negative if it says that it does not
    answer the question. A failure without an answer keeps its own question and its mined negatives; its
    status is counted.

    Parameters
    ----------
    mined
        Failure's id to passages of the corpus; they precede the passages that the model writes.

    Raises
    ------
    LlmError
        If the run must stop, or a request got no answer after all retries.
    """
    used = trainable(failures)
    written = _complete(
        client,
        [augment_request(failure, settings) for failure in used],
        partial(parse_written, settings=settings),
    )
    checks: list[tuple[int, str, bool]] = []  # row of the failure, text, whether it is a paraphrase
    requests: list[LlmRequest] = []
    for row, (failure, outcome) in enumerate(zip(used, written, strict=True)):
        if outcome.value is None:
            continue
        for text in outcome.value.paraphrases:
            if squeeze(text) != squeeze(failure.query):
                checks.append((row, text, True))
                requests.append(verify_request(failure.qid, text, failure.positive_text, settings))
        for text in outcome.value.negatives:
            checks.append((row, text, False))
            requests.append(verify_request(failure.qid, failure.query, text, settings))
    verdicts = _complete(client, requests, parse_verdict)
    counts: Counter[str] = Counter()
    paraphrases: dict[int, list[str]] = {}
    negatives: dict[int, list[Negative]] = {}
    for (row, text, is_paraphrase), verdict in zip(checks, verdicts, strict=True):
        kind = "paraphrases" if is_paraphrase else "negatives"
        if verdict.value is None:
            counts[f"{kind}_unverified"] += 1
        elif verdict.value is not is_paraphrase:
            counts[f"{kind}_refuted"] += 1
        elif is_paraphrase:
            paraphrases.setdefault(row, []).append(text)
        else:
            negatives.setdefault(row, []).append({"docid": None, "text": text})
    rows: list[AugmentedFailure] = []
    for row, failure in enumerate(used):
        passages = [*mined[failure.qid], *negatives.get(row, [])]
        rows += rows_of(failure, paraphrases.get(row, []), passages, f"llm:{client.model}")
    statuses = Counter(outcome.status for outcome in written)
    metrics = {**augment_metrics(failures, rows), "answers": dict(sorted(statuses.items()))}
    return rows, {**metrics, "left_out_by_check": dict(sorted(counts.items()))}


def augment_request(failure: Failure, settings: AugmentFailuresParams) -> LlmRequest:
    """The request for a failure's paraphrases and negatives."""
    values = {
        "query": failure.query,
        "positive": _cut(failure.positive_text, settings),
        "beating": _cut(failure.beating_text, settings),
        "paraphrases": str(settings.paraphrases),
        "negatives": str(settings.negatives),
    }
    return _request("augment", failure.qid, values, SCHEMA)


def verify_request(qid: str, query: str, passage: str, settings: AugmentFailuresParams) -> LlmRequest:
    """The request to judge whether a passage answers a question."""
    return _request("verify", qid, {"query": query, "passage": _cut(passage, settings)}, VERDICT)


def parse_written(text: str, settings: AugmentFailuresParams) -> Written:
    """Paraphrases and negatives of an answer, at most the number that was requested.

    Raises
    ------
    Malformed
        If either is no list of texts.

    Examples
    --------
    >>> parse_written('{"paraphrases": ["왜?"], "negatives": []}', AugmentFailuresParams())
    Written(paraphrases=['왜?'], negatives=[])
    """
    value = read_object(text)
    lists: list[list[str]] = []
    for key, wanted in (("paraphrases", settings.paraphrases), ("negatives", settings.negatives)):
        texts = value.get(key)
        if not isinstance(texts, list) or not all(isinstance(entry, str) for entry in texts):
            raise Malformed(f'expected "{key}" to be a list of texts, found {texts!r:.80}')
        lists.append([entry.strip() for entry in texts if entry.strip()][:wanted])
    return Written(*lists)


def parse_verdict(text: str) -> bool:
    """Whether the passage answers.

    Raises
    ------
    Malformed
        If the answer says neither.
    """
    verdict = read_object(text).get("answers")
    if not isinstance(verdict, bool):
        raise Malformed(f'expected {{"answers": true}} or false, found {verdict!r}')
    return verdict


def _request(task: str, row: str, values: Mapping[str, str], schema: Mapping[str, Any]) -> LlmRequest:
    prompt = fill(read_prompt(PROMPTS, task), values)
    return LlmRequest(f"{task}_failures", row, (Message("user", prompt),), schema)


def _cut(text: str, settings: AugmentFailuresParams) -> str:
    return " ".join(text.split())[: settings.passage_chars]


def _complete(client: Asks, requests: Sequence[LlmRequest], parse: Callable[[str], T]) -> list[Outcome[T]]:
    outcomes = client.complete(requests, parse) if requests else []
    if failed := [outcome for outcome in outcomes if outcome.status == "failed"]:
        what = f"{len(failed)} of {len(requests)} requests got no answer ({failed[0].detail})"
        raise LlmError(
            what, "run dvc repro again: received answers are stored, only the missing ones are requested"
        )
    return outcomes
