"""Reciprocal rank fusion (Cormack, Clarke & Büttcher 2009): s(d) = sum over r of w_r / (k + rank_r(d))."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sunwi.search.retrievers.base import Scores
from sunwi.search.top import top


def reciprocal_rank_fusion(
    scores: Mapping[str, Scores], k: float, depth: int, weights: Mapping[str, float] | None = None
) -> Scores:
    """Fused scores, shape [queries, passages]; a passage below `depth` of a retriever gets nothing from it.

    Passages tied at the retriever's lowest score (BM25's zeros: no term in common) get nothing either:
    it did not retrieve them, and their order would be that of their ids.

    Examples
    --------
    >>> import numpy as np
    >>> a = np.array([[3.0, 2.0, 1.0]], dtype=np.float32)
    >>> b = np.array([[1.0, 3.0, 2.0]], dtype=np.float32)
    >>> [round(float(s), 5) for s in reciprocal_rank_fusion({"a": a, "b": b}, k=60, depth=2)[0]]
    [0.01639, 0.03252, 0.01613]
    """
    names = sorted(scores)
    fused = np.zeros_like(scores[names[0]])
    for name in names:
        weight = (weights or {}).get(name, 1.0)
        for row, of_query in enumerate(scores[name]):
            positions, best = top(of_query, depth)
            if np.count_nonzero(of_query == of_query.min()) > 1:
                positions = positions[best > of_query.min()]
            ranks = np.arange(1, len(positions) + 1, dtype=np.float32)
            fused[row, positions] += weight / (np.float32(k) + ranks)
    return fused
