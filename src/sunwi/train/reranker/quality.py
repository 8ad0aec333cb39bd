"""How a blend orders candidate lists: Hit@1, MRR, nDCG@10."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from sunwi.search.rerank.blend import ScoredList, blend, order_of

CUTOFF = 10


def relevances(lists: Sequence[ScoredList], weights: Mapping[str, float]) -> list[npt.NDArray[np.bool_]]:
    """Of each list, which places of the blend's order are relevant."""
    return [one.relevant[order_of(blend(one.scores, weights))] for one in lists]


def solved(places: Sequence[npt.NDArray[np.bool_]]) -> npt.NDArray[np.bool_]:
    """Whether the first place is relevant, shape [lists]."""
    return np.array([bool(one[:1].any()) for one in places], dtype=np.bool_)


def quality(places: Sequence[npt.NDArray[np.bool_]]) -> dict[str, float]:
    """Hit@1, MRR and nDCG@10 over lists; a list without a relevant candidate counts 0; zeros of no list."""
    if not places:
        return {"hit1": 0.0, "mrr": 0.0, "ndcg10": 0.0}
    values = {
        "hit1": [float(one[:1].any()) for one in places],
        "mrr": [_reciprocal_rank(one) for one in places],
        "ndcg10": [_ndcg(one) for one in places],
    }
    return {name: round(float(np.mean(of)), 6) for name, of in values.items()}


def _reciprocal_rank(places: npt.NDArray[np.bool_]) -> float:
    hits = np.flatnonzero(places)
    return 1.0 / (int(hits[0]) + 1) if len(hits) else 0.0


def _ndcg(places: npt.NDArray[np.bool_]) -> float:
    discounts = 1.0 / np.log2(np.arange(2, CUTOFF + 2))
    ideal = discounts[: min(int(places.sum()), CUTOFF)].sum()
    return float((places[:CUTOFF] * discounts[: len(places)]).sum() / ideal) if ideal else 0.0
