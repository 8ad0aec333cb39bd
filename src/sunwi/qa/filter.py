"""What a filter is: when it judges, how, and by which reasons it refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from sunwi.qa.candidate import Candidate, Evidence, FilterVerdict

Step = Literal["text", "search"]


@dataclass(frozen=True, slots=True)
class Filter:
    """One member of `judging.FILTERS`.

    Attributes
    ----------
    step
        "text": it judges every question by its text. "search": by what search finds, those that pass the
        filters of their text.
    order
        Its place among the filters of its step; the first that refuses gives the reason.
    reasons
        Each reason code that it gives, to the words of the report.
    judge
        The values that it measured, and the reason if it refuses.
    training_only
        A question that it refuses never trains or serves as dev, and may still stand in the question index.
    """

    step: Step
    order: int
    reasons: Mapping[str, str]
    judge: Callable[[Candidate, Evidence], FilterVerdict]
    training_only: bool = False
