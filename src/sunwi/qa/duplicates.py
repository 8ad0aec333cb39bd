"""Duplicates: near-copies within a passage, exact copies across passages."""

from __future__ import annotations

from sunwi.qa.candidate import Candidate, FilterVerdict
from sunwi.text import char_ngrams, jaccard, squeeze

REASONS = {"duplicate_within": "중복", "duplicate_across": "다른 문서의 질문과 중복"}


class Duplicates:
    """Judges each question against those kept before it.

    It comes after all other filters, because the copy of a rejected question is no copy: one of
    the two must be kept.
    """

    def __init__(self, near_copy: float) -> None:
        self._near_copy = near_copy
        self._kept: dict[str, Candidate] = {}
        self._siblings: dict[str, list[tuple[Candidate, set[str]]]] = {}

    def judge(self, candidate: Candidate) -> FilterVerdict:
        """Reject `duplicate_within` and `duplicate_across`; the checks name the kept question."""
        grams = char_ngrams(candidate.question, 2)
        same = self._kept.get(squeeze(candidate.question))
        if same is not None and same.docid != candidate.docid:
            return FilterVerdict(
                {"duplicate_of": same.qid, "duplicate_docid": same.docid}, "duplicate_across"
            )
        similar = [
            (jaccard(grams, other), sibling.qid) for sibling, other in self._siblings.get(candidate.docid, ())
        ]
        nearest, qid = max(similar, key=lambda pair: pair[0], default=(0.0, ""))
        if same is not None or nearest > self._near_copy:
            qid = same.qid if same is not None else qid
            similarity = 1.0 if same is not None else nearest
            return FilterVerdict(
                {"sibling_similarity": round(similarity, 3), "duplicate_of": qid}, "duplicate_within"
            )
        return FilterVerdict({"sibling_similarity": round(nearest, 3)})

    def keep(self, candidate: Candidate) -> None:
        """Judge later questions against this one too."""
        self._kept[squeeze(candidate.question)] = candidate
        self._siblings.setdefault(candidate.docid, []).append((candidate, char_ngrams(candidate.question, 2)))
