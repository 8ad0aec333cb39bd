"""From the outcomes of the requests to candidates, with a record for every passage that gave none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sunwi.llm.task import Completer, all_answered
from sunwi.params.qa import QaParams
from sunwi.qa.candidate import Candidate, Checks
from sunwi.qa.llm.answer import AnsweredQuestion, parse_answer, parse_slot, read_answer
from sunwi.qa.llm.prompt import INDEX_TASK, TASK, load_prompt, request_for
from sunwi.records.corpus import Document
from sunwi.records.questions import RejectedQuestion

if TYPE_CHECKING:
    from sunwi.llm.outcome import Outcome
    from sunwi.llm.request import LlmRequest


@dataclass(frozen=True, slots=True)
class LlmQuestions:
    """What the model wrote: candidates, and what is none with its reason."""

    candidates: list[Candidate]
    rejected: list[RejectedQuestion]


def requests(documents: Sequence[Document], params: QaParams, seed: int) -> list[LlmRequest]:
    """One request a passage, in docid order; then one more each where the index wants more questions."""
    return [request for task in _counts(params) for request in _requests(documents, params, seed, task)]


def _counts(params: QaParams) -> dict[str, int]:
    """Questions a passage of each task."""
    more = params.indexed - params.questions_per_document
    return {TASK: params.questions_per_document, **({INDEX_TASK: more} if more > 0 else {})}


def _requests(documents: Sequence[Document], params: QaParams, seed: int, task: str) -> list[LlmRequest]:
    count, window = _counts(params)[task], params.context_chars
    shares = params.style_shares.model_dump()
    ordered = sorted(documents, key=Document.sort_key)
    return [request_for(document, count, shares, window, seed, task) for document in ordered]


def ask(documents: Sequence[Document], client: Completer, params: QaParams, seed: int) -> LlmQuestions:
    """Ask for every passage's questions; answers that are in the cache cost nothing.

    A blocked, empty, cut or malformed answer is no error: what can be read of a cut or malformed one is
    taken, and a passage without any question is listed among the rejected as `answer_STATUS` with the detail.
    A refusal in words is listed as `answer_blocked` with its text.

    Raises
    ------
    LlmError
        If the run must stop (budget, breaker, key) or passages got no answer in all tries; the answers
        so far are kept in the cache.
    """
    made = LlmQuestions([], [])
    for task, count in _counts(params).items():
        parser = partial(parse_answer, wanted=count)
        for outcome in all_answered(client.complete(_requests(documents, params, seed, task), parser)):
            _take(outcome, client.model, made)
    return made


def _take(outcome: Outcome[list[AnsweredQuestion]], model: str, made: LlmQuestions) -> None:
    docid, generator = outcome.request.row, f"llm:{model}"
    mark = "" if outcome.request.task == TASK else "i"  # in ids: an answer may hold more than was asked for
    # A short or cut answer is paid for: its complete questions are as good as any. A refusal has none.
    slots = outcome.value if outcome.value is not None else []
    if outcome.value is None and outcome.status != "blocked":
        slots = read_answer(outcome.text)
    base: Checks = {"prompt": load_prompt(outcome.request.task).fingerprint}
    if outcome.status != "ok":
        base["answer"] = outcome.status
    readable = refused = 0
    for number, slot in enumerate(slots, start=1):
        qid = f"{docid}-{mark}{number:02d}"
        question, reason = parse_slot(slot)
        refused += reason == "answer_blocked"
        if reason is None:
            readable += 1
            made.candidates.append(
                Candidate(qid, docid, question, slot.style, generator, paraphrase=True, checks=base)
            )
        else:
            made.rejected.append(
                RejectedQuestion(
                    qid=qid, docid=docid, question=slot.text, style=slot.style, generator=generator,
                    reason=reason, checks=base,
                )
            )  # fmt: skip
    if not readable and not refused:
        made.rejected.append(
            RejectedQuestion(
                qid=f"{docid}-{mark}00", docid=docid, question="", style="none", generator=generator,
                reason=f"answer_{outcome.status}", checks={**base, "detail": outcome.detail},
            )
        )  # fmt: skip
