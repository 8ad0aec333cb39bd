"""CombSUM and CombMNZ (Fox & Shaw 1994) over the retrievers' best, by ranx."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from sunwi.errors import DataError
from sunwi.search.retrievers.base import Scores
from sunwi.search.top import top


def comb_fusion(scores: Mapping[str, Scores], method: Literal["sum", "mnz"], depth: int) -> Scores:
    """Fused scores, shape [queries, passages]; a passage below all depths gets 0.

    CombSUM: s(d) = sum over retrievers r of n_r(d); CombMNZ: that times the number of retrievers that
    found d. n_r is min-max normalised over the retriever's best `depth`.

    Raises
    ------
    DataError
        If ranx, which is an optional package, is not installed.
    """
    try:
        from ranx import Run, fuse
    except ImportError:
        raise DataError("CombSUM and CombMNZ need ranx", "pip install 'sunwi[ranx]'") from None
    names = sorted(scores)
    runs = [Run(_as_run(scores[name], depth)) for name in names]
    run = fuse(runs=runs, norm="min-max", method=method)
    fused = np.zeros_like(scores[names[0]])
    for qid, scores_of_query in run.run.items():
        for docid, score in scores_of_query.items():
            fused[int(qid), int(docid)] = score
    return fused


def _as_run(scores: Scores, depth: int) -> dict[str, dict[str, float]]:
    """ranx's form; what ties at the retriever's lowest score (BM25's zeros) was not found by it."""
    run = {}
    for row, of_query in enumerate(scores):
        positions, best = top(of_query, depth)
        if np.count_nonzero(of_query == of_query.min()) > 1 and (best > of_query.min()).any():
            positions, best = positions[best > of_query.min()], best[best > of_query.min()]
        run[str(row)] = {str(position): float(score) for position, score in zip(positions, best, strict=True)}
    return run
