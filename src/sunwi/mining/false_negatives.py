"""Rules by which a candidate may be a passage that answers, and so no negative."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sunwi.search.batch import Passages


@dataclass(frozen=True, slots=True)
class FalseNegativeRules:
    """What is known of a corpus: groups of chunks, duplicates, co-relevant passages."""

    passages: Passages
    duplicates: Mapping[str, frozenset[str]]
    co_relevant: Mapping[str, frozenset[str]]  # question text -> docids that it was asked for
    max_positive_share: float

    def reason(
        self, question: str, positive: int, positive_score: float, candidate: int, score: float
    ) -> str | None:
        """Why the candidate is dropped, or None.

        The positive-aware threshold is NV-Retriever's (Moreira et al. 2024, "TopK-PercPos"):
        a candidate must score below `max_positive_share` times the positive's score.
        """
        docids = self.passages.docids
        if candidate == positive:
            return "positive"
        if self.passages.groups[candidate] == self.passages.groups[positive]:
            return "same_document"
        if docids[candidate] in self.duplicates.get(docids[positive], frozenset()):
            return "duplicate_of_positive"
        if docids[candidate] in self.co_relevant.get(question, frozenset()):
            return "co_relevant"
        if score >= self.max_positive_share * positive_score:
            return "near_positive_score"
        return None


def symmetric(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """Each id with all ids that it is paired with."""
    found: dict[str, set[str]] = {}
    for left, right in pairs:
        found.setdefault(left, set()).add(right)
        found.setdefault(right, set()).add(left)
    return {docid: frozenset(others) for docid, others in found.items()}
