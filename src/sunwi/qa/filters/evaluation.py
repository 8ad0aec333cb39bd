"""Evaluation leakage: no question that is a near-copy of an evaluation or dev query reaches training."""

from __future__ import annotations

from sunwi.qa.candidate import Candidate, Evidence, FilterVerdict
from sunwi.qa.filter import Filter


def evaluation(candidate: Candidate, evidence: Evidence) -> FilterVerdict:  # noqa: ARG001 (the filters' common signature)
    """Reject an `evaluation_copy`: equal after normalisation, or bigram Jaccard above `near_copy`."""
    similarity = evidence.evaluation_similarity
    checks: dict[str, float | int | str | None] = {"evaluation_similarity": round(similarity, 3)}
    return FilterVerdict(
        checks, "evaluation_copy" if similarity > evidence.near_copy or similarity == 1 else None
    )


FILTER = Filter("text", 40, {"evaluation_copy": "평가 질의와 비슷함"}, evaluation, training_only=True)
