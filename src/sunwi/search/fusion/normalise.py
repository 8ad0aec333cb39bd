"""Normalisation of one query's scores over the whole corpus."""

from __future__ import annotations

import numpy as np

from sunwi.search.retriever import Scores


def zscore(scores: Scores) -> Scores:
    """(score - mean) / standard deviation over all passages of each query; shape [queries, passages].

    A row without spread (no term is known) becomes 0: such a retriever has no say.
    """
    mean = scores.mean(axis=1, keepdims=True, dtype=np.float64)
    spread = scores.std(axis=1, keepdims=True, dtype=np.float64)
    return np.where(spread > 1e-9, (scores - mean) / np.maximum(spread, 1e-9), 0.0).astype(np.float32)


def minmax(scores: Scores) -> Scores:
    """(score - min) / (max - min) over all passages of each query, 0 to 1; shape [queries, passages].

    A row without spread becomes 0.
    """
    low = scores.min(axis=1, keepdims=True).astype(np.float64)
    spread = scores.max(axis=1, keepdims=True).astype(np.float64) - low
    return np.where(spread > 1e-9, (scores - low) / np.maximum(spread, 1e-9), 0.0).astype(np.float32)


NORMALISATIONS = {"zscore": zscore, "minmax": minmax}
