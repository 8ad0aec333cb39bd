"""Quality filters: one rule a file, each with a reason code and the values that decided.

`parse` comes before them, on given text; `duplicates` after them, on what they pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sunwi.qa.candidate import Candidate, Checks, Evidence, Verdict
from sunwi.qa.filters.answerability import answerability
from sunwi.qa.filters.copying import copying
from sunwi.qa.filters.evaluation import evaluation, evaluation_meaning
from sunwi.qa.filters.form import form
from sunwi.qa.filters.language import language
from sunwi.qa.filters.leakage import leakage
from sunwi.qa.filters.round_trip import round_trip

Filter = Callable[[Candidate, Evidence], Verdict]

# By the text alone; then, for those that pass, by search. Together in the order of the reasons' precedence.
TEXT_FILTERS: Mapping[str, Filter] = {
    "language": language,
    "form": form,
    "leakage": leakage,
    "evaluation": evaluation,
    "copying": copying,
}
SEARCH_FILTERS: Mapping[str, Filter] = {
    "evaluation_meaning": evaluation_meaning,
    "round_trip": round_trip,
    "answerability": answerability,
}


def judge(candidate: Candidate, evidence: Evidence, filters: Mapping[str, Filter]) -> Verdict:
    """The filters in order, up to the first that refuses; the verdict has every value measured until then."""
    checks: Checks = {}
    for rule in filters.values():
        verdict = rule(candidate, evidence)
        checks.update(verdict.checks)
        if verdict.reason is not None:
            return Verdict(checks, verdict.reason)
    return Verdict(checks)
