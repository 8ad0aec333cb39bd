"""Convex fusion of two retrievers (Bruch et al. 2023, eq. 2): s(d) = a * n_x(d) + (1 - a) * n_y(d)."""

from __future__ import annotations

from collections.abc import Mapping

from sunwi.errors import DataError
from sunwi.params.submissions import SubmissionParams
from sunwi.search.fusion.method import Fitted, Fusion, FusionMethod
from sunwi.search.fusion.normalise import NORMALISATIONS
from sunwi.search.fusion.weighted import weighted_total
from sunwi.search.retrievers.base import Scores


def alpha_fusion(
    scores: Mapping[str, Scores], alpha: float, first: str = "dense", normalisation: str = "minmax"
) -> Scores:
    """Fused scores, shape [queries, passages]; `alpha` is the share of the retriever named `first`.

    Raises
    ------
    DataError
        If there are not two retrievers, `first` is none of them, alpha is no share, or the normalisation
        (zscore, minmax) is not known.

    Examples
    --------
    >>> import numpy as np
    >>> scores = {"dense": np.array([[2.0, 1.0, 0.0]]), "bm25": np.array([[0.0, 8.0, 2.0]])}
    >>> [round(float(s), 3) for s in alpha_fusion(scores, 0.75)[0]]
    [0.75, 0.625, 0.062]
    """
    if len(scores) != 2 or first not in scores:
        raise DataError(
            f"alpha fusion is of {first!r} and one other, found {', '.join(sorted(scores))}",
            "name two retrievers, or use the weighted sum",
        )
    if not 0 <= alpha <= 1:
        raise DataError(f"alpha is {alpha:g}", "choose a share from 0 to 1")
    if normalisation not in NORMALISATIONS:
        next_step = f"use one of {', '.join(sorted(NORMALISATIONS))}"
        raise DataError(f"unknown normalisation {normalisation!r}", next_step)
    normalise = NORMALISATIONS[normalisation]
    (other,) = set(scores) - {first}
    normalised = {name: normalise(of_all) for name, of_all in scores.items()}
    return weighted_total(normalised, {first: alpha, other: 1 - alpha})


def of_variant(name: str, variant: SubmissionParams, fitted: Fitted) -> Fusion:  # noqa: ARG001  the signature
    """The variant's share as weights, which its metrics show."""
    return Fusion(name, {"bm25": 1 - variant.alpha, "dense": variant.alpha})


FUSION = FusionMethod(lambda scores, settings: alpha_fusion(scores, settings.weights["dense"]), of_variant)
