"""Cross-validation of the ranker by document, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sunwi.params.learning_to_rank import LearningToRankParams
from sunwi.runtime import hash_share
from sunwi.train.learned.fit import FeatureList, fit_weights, ranked_hits
from sunwi.train.reranker.movement import Movement, movement
from sunwi.train.reranker.quality import quality, solved


@dataclass(frozen=True, slots=True)
class Validation:
    """Out-of-fold rankings beside the fused order, and whether the ranker is admitted."""

    admitted: bool
    reason: str
    moved: Movement
    before: dict[str, float]
    after: dict[str, float]

    def as_metrics(self) -> dict[str, Any]:
        """Qualities, counts of solved and lost, the test."""
        return {"fused": self.before, "learned": self.after, **self.moved.as_metrics()}


def fold_of(group: str, seed: int, folds: int) -> int:
    """The fold of a document, by the hash of its id: a new document does not move the others."""
    return int(hash_share("learned", str(seed), group) * folds)


def cross_validate(
    lists: Sequence[FeatureList], params: LearningToRankParams, seed: int, confidence: float
) -> Validation:
    """Rank each list by the weights of the other folds, and judge by the paired test of Hit@1.

    The ranker is admitted if Hit@1 rises with p below `alpha` and MRR does not fall.
    """
    fold = np.array([fold_of(one.group, seed, params.folds) for one in lists])
    before = ranked_hits(lists, None)
    after = np.array(before)
    for place in sorted(set(fold.tolist())):
        rows = np.flatnonzero(fold == place)
        rest = [lists[row] for row in np.flatnonzero(fold != place) if lists[row].has_pair]
        if rest:
            own = ranked_hits([lists[row] for row in rows], fit_weights(rest, params.regularisation))
            after[rows, : own.shape[1]] = own
    return _judged(before, after, params, seed, confidence)


def _judged(
    before: npt.NDArray[np.bool_],
    after: npt.NDArray[np.bool_],
    params: LearningToRankParams,
    seed: int,
    confidence: float,
) -> Validation:
    moved = movement(solved(before), solved(after), seed, confidence)
    was, now = quality(before), quality(after)
    test = "no test" if moved.p_value is None else f"p {moved.p_value:.4f}"
    gain = f"Hit@1 {moved.hit1_change:+.4f} out of fold"
    counts = f"{moved.failed_solved} solved, {moved.solved_failed} lost"
    admitted = (
        moved.p_value is not None
        and moved.p_value < params.alpha
        and moved.hit1_change > 0
        and now["mrr"] >= was["mrr"]
    )
    return Validation(admitted, f"{gain}, {counts}, {test}", moved, was, now)
