"""Weighted sum of z-scores: s(q, d) = sum over retrievers r of w_r * z_r(q, d)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sunwi.search.fusion.normalise import cached_rows, zscore
from sunwi.search.retrievers.base import Scores


def weighted_sum(scores: Mapping[str, Scores], weights: Mapping[str, float]) -> Scores:
    """Fused scores, shape [queries, passages]; retrievers are added in the order of their names.

    A retriever that `weights` does not name counts 1.

    Examples
    --------
    >>> import numpy as np
    >>> a = np.array([[1.0, 0.0, -1.0]], dtype=np.float32)
    >>> [round(float(s), 2) for s in weighted_sum({"a": a, "b": -a}, {"a": 2.0, "b": 1.0})[0]]
    [1.22, 0.0, -1.22]
    """
    fused = np.empty_like(next(iter(scores.values())))
    for rows in cached_rows(fused.shape):  # no second copy of all scores
        normalised = {name: zscore(of_all[rows]) for name, of_all in scores.items()}
        fused[rows] = weighted_total(normalised, weights)
    return fused


def weighted_total(normalised: Mapping[str, Scores], weights: Mapping[str, float]) -> Scores:
    """The same sum over scores that are normalised already, for many weights over the same scores."""
    names = sorted(normalised)
    fused = np.zeros_like(normalised[names[0]])
    for name in names:
        fused += np.float32(weights.get(name, 1.0)) * normalised[name]
    return fused
