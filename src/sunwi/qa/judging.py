"""The filters in their order: a question is kept if none refuses it."""

from __future__ import annotations

from collections.abc import Sequence

from sunwi.errors import DataError
from sunwi.qa.candidate import Candidate, Checks, Evidence, FilterVerdict
from sunwi.qa.filter import Filter, Step
from sunwi.registry import Registry

FILTERS: Registry[Filter] = Registry("sunwi.qa.filters", "FILTER", Filter)


def filters_of(step: Step) -> list[Filter]:
    """The filters of one step, in the order of their reasons' precedence; ties by name."""
    named = sorted(FILTERS.all().items(), key=lambda item: (item[1].order, item[0]))
    return [rule for _, rule in named if rule.step == step]


def judge(candidate: Candidate, evidence: Evidence, filters: Sequence[Filter]) -> FilterVerdict:
    """The filters in order: the first that refuses gives the reason, with every value measured until then.

    Behind a refusal for training alone the others still say whether the question may be searched.

    Raises
    ------
    DataError
        If a filter gives a reason that it does not declare.
    """
    checks: Checks = {}
    reason: str | None = None
    for rule in filters:
        verdict = rule.judge(candidate, evidence)
        if reason is None:
            checks.update(verdict.checks)
        if verdict.reason is None:
            continue
        if verdict.reason not in rule.reasons:  # else the report would show the bare code
            what = f"the filter {rule.judge.__name__} refused a question for {verdict.reason!r}"
            raise DataError(f"{what}, which is none of its reasons", "name it in that file's FILTER")
        reason = reason or verdict.reason
        if not rule.training_only:
            return FilterVerdict(checks, reason, is_indexable=False)
    return FilterVerdict(checks, reason)
