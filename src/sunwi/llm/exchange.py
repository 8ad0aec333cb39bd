"""One request on its way to an outcome: an answer, and one repair if the parser refuses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from sunwi.llm.key import repair_key, request_key, sent_schema
from sunwi.llm.outcome import Malformed, Outcome
from sunwi.llm.request import LlmRequest, Message
from sunwi.llm.store import RecordedAnswer
from sunwi.llm.thinking import final_text
from sunwi.params.llm import LlmParams

T = TypeVar("T")

_REPAIR = (
    "Your answer could not be read: {complaint}\n"
    "Send the whole answer again in the form that was asked for, and nothing else."
)
_COMPLAINT = 500  # characters of a complaint that are sent back: it may quote the answer


class Exchange(Generic[T]):
    """What is asked next for a request, and under which key it is recorded.

    Attributes
    ----------
    key, messages, schema
        Of the next call: the request's own, then the repair's.
    """

    def __init__(self, request: LlmRequest, settings: LlmParams, parse: Callable[[str], T]) -> None:
        self.request = request
        self.key = request_key(request, settings)
        self.messages = request.messages
        self.schema = sent_schema(request, settings)
        self._parse = parse
        self._repairing = False
        self._last = ""
        self.called = False  # a call was made for it in this run

    def take(self, answer: RecordedAnswer, *, fresh: bool) -> Outcome[T] | None:
        """The outcome that an answer leads to; None: `key` and `messages` are now those of a repair.

        The record has the answer as it came; the model's thinking is removed here, so that a row
        that an older reader misread is read anew.
        """
        self.called = self.called or fresh
        self._last = final_text(answer.text)
        if answer.status != "ok":
            return self._outcome(None, answer, f"the answer ended with {answer.finish!r}")
        try:
            if not self._last.strip():
                raise Malformed("there is no answer after the thinking")
            value = self._parse(self._last)
        except Malformed as complaint:
            if self._repairing:
                return self._outcome(None, answer, str(complaint), malformed=True)
            self._repair(answer.text, str(complaint))
            return None
        return self._outcome(value, answer, "")

    def fail(self, reason: str) -> Outcome[T]:
        """The outcome of a request that got no answer."""
        # if it was the repair that failed, the answer in need of it is the last one
        return Outcome(self.request, "failed", None, self._last, reason, cached=False, repaired=False)

    def _repair(self, answer: str, complaint: str) -> None:
        self._repairing = True
        self.key = repair_key(self.key, answer)
        shown = self._last if self._last.strip() else "..."  # APIs refuse an empty turn
        complaint = complaint[:_COMPLAINT]
        turns = (Message("assistant", shown), Message("user", _REPAIR.format(complaint=complaint)))
        self.messages = (*self.messages, *turns)

    def _outcome(
        self, value: T | None, answer: RecordedAnswer, detail: str, *, malformed: bool = False
    ) -> Outcome[T]:
        status = "malformed" if malformed else answer.status
        repaired = self._repairing and status == "ok"
        return Outcome(self.request, status, value, self._last, detail, not self.called, repaired)
