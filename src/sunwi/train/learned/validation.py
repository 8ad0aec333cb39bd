"""Cross-validation of the ranker by document, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sunwi.params.learning_to_rank import LearningToRankParams
from sunwi.runtime import hash_share
from sunwi.score.significance import paired_randomisation
from sunwi.search.ranking_quality import first_ranks, reciprocal_rank
from sunwi.train.learned.fit import FeatureList, fit_weights, ranked_hits
from sunwi.train.reranker.movement import Movement, movement
from sunwi.train.reranker.quality import quality, solved

DRAWS = 10_000  # of the paired test


@dataclass(frozen=True, slots=True)
class Validation:
    """Out-of-fold rankings beside the fused order, and whether the ranker is admitted."""

    admitted: bool
    reason: str
    moved: Movement
    mrr_change_p: float | None
    before: dict[str, float]
    after: dict[str, float]

    def as_metrics(self) -> dict[str, Any]:
        """Qualities, counts of solved and lost, the tests."""
        p_value = None if self.mrr_change_p is None else round(self.mrr_change_p, 6)
        qualities = {"fused": self.before, "learned": self.after}
        return {**qualities, **self.moved.as_metrics(), "mrr_change_p": p_value}


def fold_of(group: str, seed: int, folds: int) -> int:
    """The fold of a document, by the hash of its id: a new document does not move the others."""
    return int(hash_share("learned", str(seed), group) * folds)


def cross_validate(
    lists: Sequence[FeatureList], params: LearningToRankParams, seed: int, confidence: float
) -> Validation:
    """Rank each list by the weights of the other folds, and judge by the paired test of MRR.

    The ranker is admitted if MRR rises with p below `alpha` and no more first places are lost than solved.
    The reciprocal rank moves with every place of the answer, so it shows a gain on fewer questions.
    """
    fold = np.array([fold_of(one.group, seed, params.folds) for one in lists])
    before = ranked_hits(lists, None)
    after = np.array(before)
    for place in sorted(set(fold.tolist())):
        rows = np.flatnonzero(fold == place).tolist()
        rest = [lists[row] for row in np.flatnonzero(fold != place).tolist() if lists[row].has_pair]
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
    change = _reciprocal(after) - _reciprocal(before)
    p_value = paired_randomisation(change, DRAWS, seed) if len(change) else None
    test = "no test" if p_value is None else f"p {p_value:.4f}"
    gain = f"MRR {now['mrr'] - was['mrr']:+.4f} out of fold, {test}"
    counts = f"first places: {moved.failed_solved} solved, {moved.solved_failed} lost"
    admitted = (
        p_value is not None
        and p_value < params.alpha
        and now["mrr"] > was["mrr"]
        and moved.failed_solved >= moved.solved_failed
    )
    return Validation(admitted, f"{gain}; {counts}", moved, p_value, was, now)


def _reciprocal(hits: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    return reciprocal_rank(first_ranks(hits), cutoff=np.inf)
