"""Answerability: the passage must speak of what a question asks."""

from __future__ import annotations

from sunwi.qa.candidate import Candidate, Evidence, Verdict

MIN_SHARE = 0.5
# words of asking, which an answer need not have
# fmt: off
_FRAME = frozenset({
    "왜", "어떻게", "어떤", "무슨", "어느", "얼마", "얼마나", "언제", "어디", "누구", "이유",
    "까닭", "뜻", "알리", "알", "설명", "말", "궁금", "좀", "대하", "이르", "가리키", "부르",
    "드리",
})
# fmt: on


def answerability(candidate: Candidate, evidence: Evidence) -> Verdict:
    """Record the share of content morphemes that the passage has; reject `not_answerable` under a half.

    People and LLMs paraphrase (the median share of people's questions is .50), so for them it is
    recorded and rejects nothing.
    """
    asked = {term for term in evidence.terms if term not in _FRAME}
    share = len(asked & evidence.passage_terms) / len(asked) if asked else 0.0
    refused = share < MIN_SHARE and not candidate.paraphrase
    return Verdict({"answerable": round(share, 3)}, "not_answerable" if refused else None)
