"""A provider's answer, reduced to what shapes the outputs and the bill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AnswerStatus = Literal["ok", "blocked", "empty", "truncated"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as it came; every status is final and was paid.

    Attributes
    ----------
    text
        The answer's text, "" if there is none.
    status
        What `finish` means, in one vocabulary for all providers.
    finish
        The provider's own word for how the answer ended ("stop", "length", "SAFETY" ...).
    tokens_in, tokens_out
        As the provider bills them (thinking included in `tokens_out`); None where it reports none.
    served_by
        Provider and the model version that it reports.
    """

    text: str
    status: AnswerStatus
    finish: str
    tokens_in: int | None
    tokens_out: int | None
    served_by: str


def final_status(text: str, *, blocked: bool, truncated: bool) -> AnswerStatus:
    """The status of an answer that arrived; a block outweighs a cut, a cut outweighs emptiness."""
    if blocked:
        return "blocked"
    if truncated:
        return "truncated"
    return "ok" if text.strip() else "empty"


def valid_unicode(text: str) -> str:
    """`text` with lone surrogates replaced: a model may cut an escaped pair in two, and UTF-8 has no half.

    >>> valid_unicode("\\ud55c\\ud83d")
    '한�'
    """
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
