"""Rules by which a candidate may be a passage that answers, and so no negative."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sunwi.search.passages import Passages


@dataclass(frozen=True, slots=True)
class FalseNegativeRules:
    """What is known of a corpus: groups of chunks, duplicates, co-relevant passages."""

    passages: Passages
    duplicates: Mapping[str, frozenset[str]]
    co_relevant: Mapping[str, frozenset[str]]  # question text -> docids that it was asked for
    max_positive_share: float
    max_score: float | None = None  # absolute threshold, in the teacher's units
    min_margin: float = 0.0  # to the positive, in the teacher's units

    def reason(
        self, question: str, positive: int, positive_score: float, candidate: int, score: float
    ) -> str | None:
        """Why the candidate is no negative of the question, or None.

        A candidate must score below `positive_limit`, below `max_score`, and `min_margin` below the positive.
        """
        if known := self.exclusion_reason(question, positive, candidate):
            return known
        if score >= positive_limit(positive_score, self.max_positive_share):
            return "near_positive_score"
        if self.max_score is not None and score >= self.max_score:
            return "above_threshold"
        if score > positive_score - self.min_margin:
            return "within_margin"
        return None

    def exclusion_reason(self, question: str, positive: int, candidate: int) -> str | None:
        """Why the candidate is known to answer as the positive does, whatever its score, or None."""
        docids = self.passages.docids
        if candidate == positive:
            return "positive"
        if self.passages.groups[candidate] == self.passages.groups[positive]:
            return "same_document"
        if docids[candidate] in self.duplicates.get(docids[positive], frozenset()):
            return "duplicate_of_positive"
        if docids[candidate] in self.co_relevant.get(question, frozenset()):
            return "co_relevant"
        return None

    def are_copies(self, left: int, right: int) -> bool:
        """Whether two passages hold the same text or nearly so."""
        docids = self.passages.docids
        return docids[right] in self.duplicates.get(docids[left], frozenset())

    def is_excluded(self, question: str, positive: str, candidate: str) -> bool:
        """`exclusion_reason` by docids."""
        position = self.passages.position
        return self.exclusion_reason(question, position[positive], position[candidate]) is not None

    def answer_group(self, docid: str) -> frozenset[str]:
        """What counts as the same answer as a passage: its document, and those of its copies."""
        groups, position = self.passages.groups, self.passages.position
        return frozenset(groups[position[copy]] for copy in self.duplicates.get(docid, frozenset({docid})))


def positive_limit(positive_score: float, max_positive_share: float) -> float:
    """The score that a negative must stay below: NV-Retriever's "TopK-PercPos" (Moreira et al. 2024).

    `max_positive_share` times the positive's score, which is a margin of `1 - max_positive_share` of it.
    As a margin the rule also holds where the positive's z-score is negative: a share of a negative score is
    above that score, and better candidates would pass.
    """
    return positive_score - (1.0 - max_positive_share) * abs(positive_score)


def co_relevant(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """Question text to the docids that it was asked for, from (question, docid) pairs; of several alone."""
    by_question: dict[str, set[str]] = {}
    for question, docid in pairs:
        by_question.setdefault(question, set()).add(docid)
    return {question: frozenset(docids) for question, docids in by_question.items() if len(docids) > 1}
