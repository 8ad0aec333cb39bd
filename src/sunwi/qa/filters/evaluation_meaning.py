"""Evaluation leakage by meaning: no question that paraphrases an evaluation or dev query reaches training."""

from __future__ import annotations

from sunwi.qa.candidate import Candidate, Evidence, FilterVerdict
from sunwi.qa.filter import Filter


def evaluation_meaning(candidate: Candidate, evidence: Evidence) -> FilterVerdict:  # noqa: ARG001 (the filters' common signature)
    """Reject an `evaluation_paraphrase`: its vector is nearer to an evaluation query's than the limit."""
    cosine = evidence.evaluation_cosine
    refused = cosine is not None and cosine > evidence.evaluation_limit
    return FilterVerdict({"evaluation_cosine": cosine}, "evaluation_paraphrase" if refused else None)


FILTER = Filter(
    "search", 60, {"evaluation_paraphrase": "평가 질의와 뜻이 같음"}, evaluation_meaning, training_only=True
)
