"""The best of many scores, with ties broken by position."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

GROUPED = 64  # scores of which only the best is looked at first


def top(
    scores: npt.NDArray[np.float32], depth: int, positions: npt.NDArray[np.integer[Any]] | None = None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Positions and values of the largest scores, falling; ties are broken by position.

    Parameters
    ----------
    positions
        Of the scores, in any order; without them a score's position is its place.
    """
    depth = min(depth, len(scores))
    if depth < len(scores):
        near = _at_least(scores, depth)
        floor = np.partition(scores[near], len(near) - depth)[len(near) - depth]
        candidates = near[scores[near] >= floor]
    else:
        candidates = np.arange(len(scores))
    where = candidates if positions is None else positions[candidates].astype(np.int64)
    order = np.lexsort((where, -scores[candidates]))[:depth]
    return where[order], scores[candidates[order]]


def _at_least(scores: npt.NDArray[np.float32], depth: int) -> npt.NDArray[np.int64]:
    """Positions, ascending, among which are the `depth` best and all their ties: few of many.

    The best of each group of scores are that many scores: no score below the `depth`-th of them can be one of
    the `depth` best. One pass for the groups' maxima is far cheaper than to partition all scores.
    """
    groups = len(scores) // GROUPED
    if groups <= 2 * depth:
        return np.arange(len(scores))
    best = scores[: groups * GROUPED].reshape(GROUPED, groups).max(axis=0)
    return np.flatnonzero(scores >= np.partition(best, groups - depth)[groups - depth])
