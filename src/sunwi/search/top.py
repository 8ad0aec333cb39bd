"""The best of many scores, with ties broken by position."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def top(scores: npt.NDArray[np.float32], depth: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Positions and values of the largest scores, falling; ties are broken by position."""
    depth = min(depth, len(scores))
    if depth < len(scores):
        floor = np.partition(scores, len(scores) - depth)[len(scores) - depth]
        candidates = np.flatnonzero(scores >= floor)
    else:
        candidates = np.arange(len(scores))
    order = candidates[np.lexsort((candidates, -scores[candidates]))][:depth]
    return order, scores[order]
