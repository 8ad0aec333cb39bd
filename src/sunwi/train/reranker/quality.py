"""How a blend orders candidate lists: Hit@1, MRR, nDCG@10."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sunwi.search.ranking_quality import first_ranks, ndcg, reciprocal_rank


def solved(hits: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Whether the first place is relevant, shape [lists]; `hits` is that of `ranked_relevance`."""
    return np.equal(first_ranks(hits), 1)


def quality(hits: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Hit@1, MRR and nDCG@10 over lists; a list without a relevant candidate counts 0; zeros of no list."""
    ranks = first_ranks(hits)
    values = {
        "hit1": ranks == 1,
        "mrr": reciprocal_rank(ranks, cutoff=np.inf),
        "ndcg10": ndcg(hits, hits.sum(axis=1)),
    }
    return {name: round(float(of_lists.mean()), 6) if len(hits) else 0.0 for name, of_lists in values.items()}
