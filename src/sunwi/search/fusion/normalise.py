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
