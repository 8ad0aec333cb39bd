"""Copying: how much of a question is its passage's wording; a copied statement is no question."""

from __future__ import annotations

from functools import lru_cache

from sunwi.qa.candidate import Candidate, Evidence, FilterVerdict
from sunwi.qa.filter import Filter
from sunwi.qa.filters.form import asks
from sunwi.text import char_ngrams

HIGH_COPY = 0.7


def copying(candidate: Candidate, evidence: Evidence) -> FilterVerdict:
    """Record the share of the question's character 3-grams in the passage; reject a `declarative_copy`.

    A question with a high share is only marked (`copied`): most of it is its subject's name.
    """
    grams = char_ngrams(candidate.question, 3)
    share = len(grams & _passage_grams(evidence.passage)) / len(grams) if grams else 0.0
    copied = share > HIGH_COPY
    statement = copied and candidate.style != "keyword" and not asks(candidate.question)
    return FilterVerdict(
        {"copy": round(share, 3), "copied": int(copied)}, "declarative_copy" if statement else None
    )


@lru_cache(maxsize=1)
def _passage_grams(passage: str) -> set[str]:
    """Once for the questions of one passage, which come one after the other."""
    return char_ngrams(passage, 3)


FILTER = Filter("text", 50, {"declarative_copy": "문단을 베낀 서술문"}, copying)
