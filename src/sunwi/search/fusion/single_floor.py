"""The floor under a fusion: it must not rank worse than its best single retriever by more than noise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
NOISE = 1.645  # standard errors: one-sided, 5 %
STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)  # shares of the way to the single retriever


@dataclass(frozen=True, slots=True)
class Floor:
    """The weights that hold the floor, and the figures that decided.

    Attributes
    ----------
    share
        How far the weights moved towards the best single retriever, 0 to 1; 0: they held as they were.
    difference, standard_error
        Of the fusion before it moved to the best single retriever, mean over questions of the paired
        difference in reciprocal rank.
    """

    weights: dict[str, float]
    best_single: str
    single_mrr: float
    fused_mrr: float
    difference: float
    standard_error: float
    share: float
    questions: int

    def as_metrics(self) -> dict[str, float | int | str]:
        """What the metrics show."""
        return {
            "best_single": self.best_single,
            "single_mrr": round(self.single_mrr, 6),
            "fused_mrr": round(self.fused_mrr, 6),
            "difference": round(self.difference, 6),
            "standard_error": round(self.standard_error, 6),
            "moved": self.share,
            "questions": self.questions,
        }


def hold_floor(
    weights: Mapping[str, float],
    singles: Mapping[str, Floats],
    gains: Callable[[Mapping[str, float]], Floats],
) -> Floor:
    """Move the weights towards the best single retriever until they are not worse by more than noise.

    Parameters
    ----------
    weights
        Of each retriever.
    singles
        Reciprocal ranks of each retriever alone, [questions].
    gains
        Weights to the fusion's reciprocal ranks, [questions].
    """
    best = min(singles, key=lambda name: (-singles[name].mean(), name))
    alone = singles[best]
    gaps = []
    for share in STEPS:
        moved = towards(weights, best, share)
        fused = gains(moved)
        difference, error = _gap(fused, alone)
        gaps.append((difference, error))
        if difference >= -NOISE * error - 1e-12:
            break
    return Floor(
        weights=moved,
        best_single=best,
        single_mrr=float(alone.mean()),
        fused_mrr=float(fused.mean()),
        difference=gaps[0][0],
        standard_error=gaps[0][1],
        share=share,
        questions=len(alone),
    )


def _gap(fused: Floats, alone: Floats) -> tuple[float, float]:
    """Mean of the paired differences, and its standard error."""
    gaps = fused - alone
    error = float(gaps.std(ddof=1) / np.sqrt(len(gaps))) if len(gaps) > 1 else 0.0
    return float(gaps.mean()), error


def towards(weights: Mapping[str, float], name: str, share: float) -> dict[str, float]:
    """(1 - share) of the weights, and `share` of their sum for one retriever.

    Examples
    --------
    >>> towards({"bm25": 0.5, "dense": 1.0}, "bm25", 0.5)
    {'bm25': 1.0, 'dense': 0.5}
    """
    total = sum(weights.values())
    return {
        other: round((1 - share) * weight + (share * total if other == name else 0.0), 4)
        for other, weight in weights.items()
    }
