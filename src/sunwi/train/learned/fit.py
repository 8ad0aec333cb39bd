"""Pairwise logistic regression on candidate lists (RankSVM's pairs with a logistic loss)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sunwi.search.learned.features import Floats


@dataclass(frozen=True, slots=True)
class FeatureList:
    """One question: its candidates' features [candidates, features] in the fused order; which answer."""

    qid: str
    group: str  # of the documents that answer it; lists of one group share a fold
    features: Floats
    relevant: npt.NDArray[np.bool_]

    @property
    def has_pair(self) -> bool:
        """Whether it holds an answer and something else."""
        return bool(self.relevant.any() and not self.relevant.all())


def fit_weights(lists: Sequence[FeatureList], regularisation: float) -> Floats:
    """Weights per unit of each feature: P(answer above other) = sigmoid(weights @ (answer - other)).

    Every list counts 1 in the loss, however many pairs it has. Features are standardised over all candidates
    of the lists before the penalty; one without spread gets the weight 0.

    Parameters
    ----------
    regularisation
        C of scikit-learn's `LogisticRegression`, on standardised features.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    spread = np.concatenate([one.features for one in lists]).std(axis=0)
    scale = np.where(spread > 1e-9, spread, np.inf)
    pairs, shares = [], []
    for one in lists:
        answers, others = one.features[one.relevant], one.features[~one.relevant]
        of_list = (answers[:, None] - others[None]).reshape(-1, one.features.shape[1])
        pairs.append(of_list / scale)
        shares.append(np.full(len(of_list), 1 / len(of_list)))
    differences = np.concatenate(pairs)
    # A pair and its mirror have the same loss, and the classifier wants both classes.
    both = np.concatenate([differences, -differences])
    of_pair = np.concatenate(shares) / 2
    model = LogisticRegression(C=regularisation, fit_intercept=False, max_iter=1000, tol=1e-8)
    with threadpool_limits(1):  # sums add in one order, whatever the machine's cores
        model.fit(
            both, np.arange(len(both)) < len(differences), sample_weight=np.concatenate([of_pair, of_pair])
        )
    return np.asarray(model.coef_[0] / scale, dtype=np.float64)


def ranked_hits(lists: Sequence[FeatureList], weights: Floats | None) -> npt.NDArray[np.bool_]:
    """Which places are relevant by the weights (None: in the fused order), [lists, longest list]."""
    hits = np.zeros((len(lists), max((len(one.relevant) for one in lists), default=0)), dtype=bool)
    for row, one in enumerate(lists):
        order = np.arange(len(one.relevant))
        if weights is not None:
            order = np.argsort(-(one.features @ weights), kind="stable")
        hits[row, : len(order)] = one.relevant[order]
    return hits
