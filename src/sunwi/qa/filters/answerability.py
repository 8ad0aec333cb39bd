"""Answerability: the passage must speak of what a question asks."""

from __future__ import annotations

from sunwi.qa.candidate import Candidate, Evidence, FilterVerdict
from sunwi.qa.filter import Filter
from sunwi.text import overlap

MIN_SHARE = 0.5


def answerability(candidate: Candidate, evidence: Evidence) -> FilterVerdict:
    """Record the share of content morphemes that the passage has; reject `not_answerable` under a half.

    People and LLMs paraphrase (the median share of people's questions is about a half), so for them
    it is recorded and rejects nothing.
    """
    share = overlap(evidence.terms, evidence.passage_terms)
    refused = share < MIN_SHARE and not candidate.paraphrase
    return FilterVerdict({"answerable": round(share, 4)}, "not_answerable" if refused else None)


FILTER = Filter("search", 80, {"not_answerable": "문단에 답이 없음"}, answerability)
