"""What became of the candidates, as numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sunwi.records.corpus import Document
from sunwi.records.questions import IndexQuestion, Question, RejectedQuestion

_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
_MANY = 3  # questions of a document that are counted together


def question_metrics(
    documents: Sequence[Document],
    kept: Sequence[Question],
    for_index: Sequence[IndexQuestion],
    rejected: Sequence[RejectedQuestion],
) -> dict[str, Any]:
    """Counts per reason, style, generator and split, coverage of documents, overlap and rank quantiles."""
    per_document = Counter(question.docid for question in kept)
    coverage = Counter(min(per_document[document.docid], _MANY) for document in documents)
    reasons = Counter(question.reason for question in rejected)
    ranks = Counter(question.checks.get("rank") == 1 for question in kept)
    overlaps = sorted(question.overlap for question in kept)
    return {
        "candidates": len(kept) + len(rejected),
        "kept": len(kept),
        "rejected": len(rejected),
        "reasons": _counts(reasons),
        "styles": _counts(Counter(question.style for question in kept)),
        "generators": _counts(Counter(question.generator for question in kept)),
        "splits": _counts(Counter(question.split for question in kept)),
        "documents": {
            "all": len(documents),
            **{f"with_{n}" if n < _MANY else f"with_{n}_or_more": coverage[n] for n in range(_MANY + 1)},
        },
        "overlap": {f"q{round(100 * share)}": _quantile(overlaps, share) for share in _QUANTILES},
        "rank_1_share": round(ranks[True] / len(kept), 4) if kept else None,
        "evaluation_copies": reasons["evaluation_copy"],
        "index": {
            "questions": len(kept) + len(for_index),
            "for_search_alone": len(for_index),
            "evaluation_lookalikes": sum(question.is_evaluation_lookalike for question in for_index),
        },
    }


def _counts(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items()))


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    """The lower empirical quantile: a value that occurs."""
    return round(ordered[int(share * (len(ordered) - 1))], 4) if ordered else None
