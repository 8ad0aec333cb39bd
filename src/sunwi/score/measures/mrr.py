"""Reciprocal rank of the first relevant document, 0 below ten."""

from __future__ import annotations

from sunwi.score.measure import Family, Measure


def _reciprocal(rank: int | None) -> float:
    return 0.0 if rank is None or rank > 10 else 1.0 / rank


MEASURE = Family.of(
    Measure(
        "mrr", "MRR@10", 200, "RR@10",
        of_first_rank=_reciprocal, shown=("summary", "tables"), compared=True,
    )
)  # fmt: skip
