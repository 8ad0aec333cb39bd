"""Normalisation of one query's scores over the whole corpus."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from sunwi.search.retrievers.base import Scores

SPREAD = 1e-9  # a standard deviation up to this is none
CELLS = 1 << 18  # scores that are float64 at a time: they stay in the processor's cache


def zscore(scores: Scores) -> Scores:
    """(score - mean) / standard deviation over all passages of each query; shape [queries, passages].

    A row without spread (no term is known) becomes 0: such a retriever has no say.
    """
    normalised = np.empty(scores.shape, dtype=np.float32)
    for rows in cached_rows(scores.shape):
        normalised[rows] = standardised(scores[rows])
    return normalised


def standardised(scores: Scores) -> npt.NDArray[np.float64]:
    """The z-scores along the last axis, in float64; 0 where there is no spread."""
    mean = scores.mean(axis=-1, keepdims=True, dtype=np.float64)
    spread = scores.std(axis=-1, keepdims=True, dtype=np.float64)
    return np.where(spread > SPREAD, (scores - mean) / np.maximum(spread, SPREAD), 0.0)


def cached_rows(shape: tuple[int, ...]) -> Iterator[slice]:
    """Rows of scores [queries, passages], so many at a time that the processor's cache holds them."""
    size = max(1, CELLS // max(1, shape[1]))
    for start in range(0, shape[0], size):
        yield slice(start, start + size)


def minmax(scores: Scores) -> Scores:
    """(score - min) / (max - min) over all passages of each query, 0 to 1; shape [queries, passages].

    A row without spread becomes 0.
    """
    low = scores.min(axis=1, keepdims=True).astype(np.float64)
    spread = scores.max(axis=1, keepdims=True).astype(np.float64) - low
    return np.where(spread > SPREAD, (scores - low) / np.maximum(spread, SPREAD), 0.0).astype(np.float32)


NORMALISATIONS = {"zscore": zscore, "minmax": minmax}
