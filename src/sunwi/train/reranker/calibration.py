"""From a blended score to the probability that the passage answers, and how far such probabilities err."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sunwi.search.rerank.blend import ScoredList, blend, order_of, probabilities

Floats = npt.NDArray[np.float64]
BINS = 10
FOLDS = 5
RAW = {"slope": 1.0, "intercept": 0.0}  # the plain sigmoid of the score


def fit_platt(scores: npt.NDArray[Any], relevant: npt.NDArray[np.bool_]) -> dict[str, float] | None:
    """Slope and intercept of Platt's sigmoid (Platt 1999, eq. 1), both arrays [candidates].

    Targets are his smoothed ones, (N+ + 1) / (N+ + 2) and 1 / (N- + 2), so that scores which separate the two
    kinds without an error do not drive the slope to infinity. None where one kind is missing.
    """
    positives = int(relevant.sum())
    negatives = len(relevant) - positives
    if not positives or not negatives:
        return None
    from sklearn.linear_model import LogisticRegression

    target = np.where(relevant, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    column = np.asarray(scores, dtype=np.float64)[:, None]
    model = LogisticRegression(C=1e9, max_iter=1000)  # practically no penalty
    model.fit(
        np.concatenate([column, column]),
        np.repeat([1, 0], len(column)),
        sample_weight=np.concatenate([target, 1 - target]),
    )
    return {
        "slope": round(float(model.coef_[0, 0]), 6),
        "intercept": round(float(model.intercept_[0]), 6),
    }


def expected_calibration_error(predicted: Floats, relevant: npt.NDArray[np.bool_]) -> float:
    """Mean distance of predicted and found shares over equal bins, weighted by size (Guo et al. 2017, eq. 3).

    Examples
    --------
    >>> expected_calibration_error(np.array([0.9, 0.9, 0.1, 0.1]), np.array([True, True, False, False]))
    0.1
    """
    bins = np.minimum((predicted * BINS).astype(int), BINS - 1)
    error = 0.0
    for number in np.unique(bins):
        inside = bins == number
        error += inside.mean() * abs(predicted[inside].mean() - relevant[inside].mean())
    return round(float(error), 6)


def calibrate(
    lists: Sequence[ScoredList], weights: Mapping[str, float]
) -> tuple[dict[str, float] | None, dict[str, float]]:
    """Platt's sigmoid of a blend over all candidates of the lists, and its errors.

    The errors are of the plain sigmoid (`before`) and out of fold (`after`), of all candidates and of those
    that the blend puts first: most candidates of a list are easy to judge. Folds are stretches of the
    lists as they come, which keeps questions of one document together where ids name it.
    """
    if not lists:
        return None, {}
    scores = [blend(candidates.scores, weights) for candidates in lists]
    flat = np.concatenate(scores).astype(np.float64)
    relevant = np.concatenate([candidates.relevant for candidates in lists])
    fitted = fit_platt(flat, relevant)
    if fitted is None:
        return None, {}
    sizes = [len(candidates) for candidates in scores]
    owner = np.repeat(np.arange(len(lists)), sizes)
    starts = np.cumsum([0, *sizes[:-1]])
    first = starts + np.array([int(order_of(candidates)[0]) for candidates in scores])
    after = np.zeros(len(flat))
    for fold in np.array_split(np.arange(len(lists)), min(FOLDS, len(lists))):
        held = np.isin(owner, fold)
        outside = fit_platt(flat[~held], relevant[~held])
        after[held] = probabilities(flat[held], outside or fitted)
    before = probabilities(flat, RAW)
    return fitted, {
        "ece_before": expected_calibration_error(before, relevant),
        "ece_after": expected_calibration_error(after, relevant),
        "ece_first_before": expected_calibration_error(before[first], relevant[first]),
        "ece_first_after": expected_calibration_error(after[first], relevant[first]),
    }
