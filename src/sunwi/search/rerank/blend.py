"""Re-ranking of a candidate list: z-scores of several scorers over the list, added with fitted weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sunwi.search.fusion.normalise import standardised
from sunwi.search.fusion.priors import Weight, shrunk
from sunwi.search.ranking_quality import first_ranks, reciprocal_rank

if TYPE_CHECKING:
    from sunwi.search.retrievers.base import Scores


FIRST = "retriever"  # the fused score that made the list; its weight is 1


@dataclass(frozen=True, slots=True)
class ScoredList:
    """One question's candidates: scores by scorer, each [candidates], and which are relevant."""

    scores: dict[str, Scores]
    relevant: npt.NDArray[np.bool_]


def blend(scores: Mapping[str, Scores], weights: Mapping[str, float]) -> Scores:
    """sum over scorers of weight * z(score over the list), shape [candidates].

    A scorer without spread over the list has no say.
    """
    total = np.zeros(len(scores[FIRST]), dtype=np.float64)
    for name in sorted(scores):
        total += weights.get(name, 1.0 if name == FIRST else 0.0) * standardised(scores[name])
    return total.astype(np.float32)


def probabilities(blended: npt.NDArray[Any], calibration: Mapping[str, float]) -> npt.NDArray[np.float64]:
    """How likely each candidate answers, by the fitted sigmoid (Platt 1999) of its blended score."""
    logits = calibration["slope"] * np.asarray(blended, dtype=np.float64) + calibration["intercept"]
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits)))  # the sigmoid, without overflow


def order_of(scores: Scores) -> npt.NDArray[np.int64]:
    """Places of the list by falling score; ties keep the retriever's order."""
    return np.argsort(-scores, kind="stable")


def ranked_relevance(lists: Sequence[ScoredList], weights: Mapping[str, float]) -> npt.NDArray[np.bool_]:
    """Which places of the blend's order are relevant, [lists, longest list]; False beyond a list's end."""
    hits = np.zeros((len(lists), max((len(candidates.relevant) for candidates in lists), default=0)), bool)
    for row, candidates in enumerate(lists):
        order = order_of(blend(candidates.scores, weights))
        hits[row, : len(order)] = candidates.relevant[order]
    return hits


def list_mrr(lists: Sequence[ScoredList], weights: Mapping[str, float]) -> float:
    """Mean reciprocal rank over lists; a list without a relevant candidate counts 0."""
    if not lists:
        return 0.0
    return float(reciprocal_rank(first_ranks(ranked_relevance(lists, weights)), cutoff=np.inf).mean())


def fit_shrunk(
    lists: Sequence[ScoredList],
    natural: Sequence[ScoredList],
    names: Sequence[str],
    grid: Sequence[float],
    priors: Mapping[str, float],
    strength: int,
) -> tuple[dict[str, Weight], list[dict[str, float]]]:
    """Prior weights, moved by what people's lists prefer (`priors.shrunk`), and the curve over all lists.

    Lists of questions that were made from their passage move nothing: they prefer no reranker where people's
    prefer one (docs/results/ranking.md).
    """
    _, curve = fit_blend(lists, names, grid)
    fitted = fit_blend(natural, names, grid)[0] if natural else {}
    return {name: shrunk(priors[name], fitted.get(name), len(natural), strength) for name in names}, curve


def fit_blend(
    lists: Sequence[ScoredList], names: Sequence[str], grid: Sequence[float]
) -> tuple[dict[str, float], list[dict[str, float]]]:
    """Weights of the scorers by MRR on the lists given, and the whole curve.

    Ties go to the smaller sum of weights: a scorer that does not help gets 0.
    """
    curve = []
    for values in product(sorted(grid), repeat=len(names)):
        weights = dict(zip(names, values, strict=True))
        curve.append({**weights, "mrr": round(list_mrr(lists, weights), 6)})
    best = min(curve, key=lambda cell: (-cell["mrr"], sum(cell[name] for name in names)))
    return {name: best[name] for name in names}, curve
