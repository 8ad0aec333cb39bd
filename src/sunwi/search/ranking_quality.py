"""nDCG and reciprocal rank of many rankings at once, for what is measured while training and fitting.

Runs that are scored and submitted are measured by ir_measures (`sunwi.score.measuring`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sunwi.search.top import top

if TYPE_CHECKING:
    from sunwi.search.retrievers.base import Scores

Floats = npt.NDArray[np.float64]


def first_ranks(hits: npt.NDArray[np.bool_]) -> Floats:
    """Rank, from 1, of the first relevant place of each ranking; infinite where there is none.

    Parameters
    ----------
    hits
        Which places are relevant, best first, shape [rankings, places].

    Examples
    --------
    >>> first_ranks(np.array([[False, True, True], [False, False, False]])).tolist()
    [2.0, inf]
    """
    if not hits.size:
        return np.full(len(hits), np.inf)
    return np.where(hits.any(axis=1), hits.argmax(axis=1) + 1.0, np.inf)


def reciprocal_rank(ranks: npt.NDArray[np.int64] | Floats, cutoff: float = 10) -> Floats:
    """1 / rank, 0 below the cutoff."""
    return np.where(ranks <= cutoff, 1.0 / ranks, 0.0)


def ndcg(hits: npt.NDArray[np.bool_], relevant: npt.NDArray[np.int64], cutoff: int = 10) -> Floats:
    """nDCG of each ranking with grades of 0 and 1 (Järvelin & Kekäläinen 2002), shape [rankings].

    Parameters
    ----------
    hits
        Which places are relevant, best first, shape [rankings, places].
    relevant
        How many relevant passages there are to find, shape [rankings]; 0 gives 0.
    """
    discounts = 1.0 / np.log2(np.arange(2, cutoff + 2))
    gains = hits[:, :cutoff] @ discounts[: hits.shape[1]]
    ideal = np.cumsum([0.0, *discounts])[np.minimum(relevant, cutoff)]
    values: Floats = np.divide(gains, ideal, out=np.zeros(len(hits)), where=ideal > 0)
    return values


def ndcg_of_scores(scores: Scores, relevant: Sequence[tuple[int, ...]], cutoff: int = 10) -> Floats:
    """nDCG of each row of scores [questions, passages]; ties are broken by position.

    Parameters
    ----------
    relevant
        Positions of each question's relevant passages: every chunk of a relevant document counts.
    """
    hits = np.stack(
        [np.isin(top(row, cutoff)[0], positions) for row, positions in zip(scores, relevant, strict=True)]
    )
    return ndcg(hits, np.array([len(positions) for positions in relevant]), cutoff)
