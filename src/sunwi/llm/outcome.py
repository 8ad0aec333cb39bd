"""What became of a request: a parsed value, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from sunwi.llm.request import LlmRequest

T = TypeVar("T")

Status = Literal["ok", "blocked", "empty", "truncated", "malformed", "failed"]


class Malformed(ValueError):  # noqa: N818  the name of the status it leads to
    """Raised by a parser with the reason why the answer cannot be read; it buys one repair attempt."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """The end of one request.

    Attributes
    ----------
    status
        "ok": `value` is the parsed answer. "blocked", "empty", "truncated": the provider's final word.
        "malformed": neither the answer nor its repair could be parsed. "failed": no answer after all tries.
    value
        What the parser made of the answer; None unless `status` is "ok".
    text
        The last answer as it came, "" if none did.
    detail
        The reason in words: finish reason, the parser's complaint, the last error.
    cached
        No call was made for this row in this run.
    repaired
        The value stems from the repair attempt.
    """

    request: LlmRequest
    status: Status
    value: T | None
    text: str
    detail: str
    cached: bool
    repaired: bool
