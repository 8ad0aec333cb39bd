"""Failures into training questions by a language model; a second request verifies each text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sunwi.llm.outcome import Malformed
from sunwi.llm.prompting import read_object, read_prompt
from sunwi.llm.task import Completer, LlmTask, all_answered
from sunwi.params.augment_failures import AugmentFailuresParams
from sunwi.records.failures import AugmentedFailure, Failure
from sunwi.resources import resource_folder
from sunwi.text import squeeze
from sunwi.train.targeted.augment import Negative, augment_metrics, rows_of, trainable

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


@dataclass(frozen=True, slots=True)
class Written:
    """What a model wrote for one failure."""

    paraphrases: list[str]
    negatives: list[str]


def augment_by_llm(
    failures: Sequence[Failure],
    mined: Mapping[str, Sequence[Negative]],
    settings: AugmentFailuresParams,
    client: Completer,
) -> tuple[list[AugmentedFailure], dict[str, Any]]:
    """Questions to train on, and the counts.

    A paraphrase stays if the model says that the positive answers it, a negative if it says that it does not
    answer the question. A failure without an answer keeps its own question and its mined negatives: the
    status is counted.

    Parameters
    ----------
    mined
        Failure's id to passages of the corpus; they stand before what the model writes.

    Raises
    ------
    LlmError
        If the run must stop, or requests got no answer in all tries.
    """
    used = trainable(failures)
    task = augment_task(settings)
    written = all_answered(task.ask(client, (augment_values(failure, settings) for failure in used)))
    checks: list[tuple[int, str, bool]] = []  # row of the failure, text, whether it is a paraphrase
    pairs: list[tuple[str, dict[str, str]]] = []
    for row, (failure, outcome) in enumerate(zip(used, written, strict=True)):
        if outcome.value is None:
            continue
        for text in outcome.value.paraphrases:
            if squeeze(text) != squeeze(failure.query):
                checks.append((row, text, True))
                pairs.append((failure.qid, {"query": text, "passage": _cut(failure.positive_text, settings)}))
        for text in outcome.value.negatives:
            checks.append((row, text, False))
            pairs.append((failure.qid, {"query": failure.query, "passage": _cut(text, settings)}))
    verify = LlmTask("verify_failures", read_prompt(PROMPTS, "verify"), parse_verdict, VERDICT)
    verdicts = all_answered(verify.ask(client, pairs))
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


def augment_task(settings: AugmentFailuresParams) -> LlmTask[Written]:
    """The task that writes paraphrases and negatives of a failure."""
    parse = partial(parse_written, settings=settings)
    return LlmTask("augment_failures", read_prompt(PROMPTS, "augment"), parse, SCHEMA)


def augment_values(failure: Failure, settings: AugmentFailuresParams) -> tuple[str, dict[str, str]]:
    """A failure's id, and the values of its prompt."""
    return failure.qid, {
        "query": failure.query,
        "positive": _cut(failure.positive_text, settings),
        "beating": _cut(failure.beating_text, settings),
        "paraphrases": str(settings.paraphrases),
        "negatives": str(settings.negatives),
    }


def parse_written(text: str, settings: AugmentFailuresParams) -> Written:
    """Paraphrases and negatives of an answer, as many as are wanted at most.

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
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise Malformed(f'expected "{key}" to be a list of texts')
        lists.append([text.strip() for text in texts if text.strip()][:wanted])
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


def _cut(text: str, settings: AugmentFailuresParams) -> str:
    return " ".join(text.split())[: settings.passage_chars]
