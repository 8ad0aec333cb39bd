"""Blend weights of the rerankers, and how each orders the dev lists, alone and blended."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from sunwi.records.mined import CandidateList
from sunwi.search.fusion.priors import Weight, reranker_priors
from sunwi.search.labelled import NATURAL, low_overlap
from sunwi.search.rerank.blend import FIRST, ScoredList, fit_shrunk, ranked_relevance
from sunwi.search.rerank.rerankers import Rerankers
from sunwi.search.rerank.trained import SCORERS
from sunwi.train.reranker.calibration import calibrate
from sunwi.train.reranker.movement import movement
from sunwi.train.reranker.quality import quality, solved
from sunwi.train.reranker.scored import score_lists

if TYPE_CHECKING:
    from sunwi.train.reranker.settings import RerankerSections

Blend = dict[str, dict[str, float]]
Calibration = dict[str, dict[str, float]]  # set of rerankers to slope and intercept


def fit_rerankers(
    lists: Sequence[CandidateList], texts: dict[str, str], rerankers: Rerankers, params: RerankerSections
) -> tuple[Blend, Calibration, dict[str, Any]]:
    """Weights and calibration of each set of rerankers, and metrics.

    The weights are the priors, moved by people's dev lists; the calibration is fitted on the low-overlap
    lists. A set without a member that is there is left out.
    """
    dev = [question for question in lists if question.split == "dev"]
    scored = score_lists(dev, texts, rerankers, params.train_reranker.depth)
    low = low_overlap(dev, params.fusion.low_overlap, params.fusion.min_questions)
    chosen = [scored[row] for row in low]
    fits: Blend = {}
    origins: dict[str, Any] = {}
    curves: dict[str, Any] = {}
    for kind, names in SCORERS.items():
        trained = [name for name in names if name in rerankers.names]
        if trained:
            weights, curves[kind] = _shrunk(chosen, _of_people(dev, scored), trained, params)
            fits[kind] = {name: weight.value for name, weight in weights.items()}
            origins[kind] = {name: weight.as_metrics() for name, weight in weights.items()}
    calibration, errors = fit_calibration(chosen, fits)
    parts = {
        "low_overlap": low,
        NATURAL: [row for row, question in enumerate(dev) if question.style == NATURAL],
        "synthetic": [row for row, question in enumerate(dev) if question.style != NATURAL],
    }
    orders: dict[str, dict[str, float]] = {FIRST: {}}
    for name in rerankers.names:
        orders[f"{name}_alone"] = {FIRST: 0.0, name: 1.0}
    orders |= {f"{kind}_blended": weights for kind, weights in fits.items()}
    hits = {order: ranked_relevance(scored, weights) for order, weights in orders.items()}
    qualities = {
        part: {order: quality(of_lists[rows]) for order, of_lists in hits.items()}
        for part, rows in parts.items()
        if rows
    }
    right = {order: solved(of_lists) for order, of_lists in hits.items()}
    moved = {
        part: {
            order: movement(right[FIRST][rows], now[rows], params.seed, params.score.confidence).as_metrics()
            for order, now in right.items()
            if order != FIRST
        }
        for part, rows in parts.items()
        if rows
    }
    metrics = {
        "weights": fits,
        "origin": origins,
        "calibration": errors,
        "lists": {part: len(rows) for part, rows in parts.items()},
        "quality": qualities,
        "moved": moved,
        "curves": curves,
    }
    return fits, calibration, metrics


def refitted(
    blend: Blend,
    lists: Sequence[CandidateList],
    scored: Sequence[ScoredList],
    names: Collection[str],
    params: RerankerSections,
) -> Blend:
    """Weights after more training of the trained reranker: the priors again, moved by people's lists.

    Sets without it keep their weights, and so do all of them without a list.

    Parameters
    ----------
    scored
        The lists' scores by the rerankers as they are now.
    names
        The rerankers that are there.
    """
    found: Blend = {}
    for kind, weights in blend.items():
        trained = [name for name in SCORERS[kind] if name in names]
        found[kind] = weights
        if scored and any(name != "late_interaction" for name in trained):
            fits, _ = _shrunk(scored, _of_people(lists, scored), trained, params)
            found[kind] = {name: weight.value for name, weight in fits.items()}
    return found


def _of_people(lists: Sequence[CandidateList], scored: Sequence[ScoredList]) -> list[ScoredList]:
    return [of_list for question, of_list in zip(lists, scored, strict=True) if question.style == NATURAL]


def _shrunk(
    chosen: Sequence[ScoredList],
    of_people: Sequence[ScoredList],
    names: Sequence[str],
    params: RerankerSections,
) -> tuple[dict[str, Weight], list[dict[str, float]]]:
    priors, strength = reranker_priors(params.fusion.priors), params.fusion.prior_questions
    return fit_shrunk(chosen, of_people, names, params.train_reranker.weights, priors, strength)


def fit_untrained(
    lists: Sequence[CandidateList], texts: dict[str, str], rerankers: Rerankers, params: RerankerSections
) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Blend of an encoder's MaxSim, which needs no training: what a file of a blend holds, and metrics.

    Only people's dev lists, which move the weight, and the low-overlap ones are scored: MaxSim encodes every
    token of every passage that it scores.
    """
    dev = [question for question in lists if question.split == "dev"]
    low = set(low_overlap(dev, params.fusion.low_overlap, params.fusion.min_questions))
    chosen = [question for row, question in enumerate(dev) if row in low or question.style == NATURAL]
    blend, calibration, metrics = fit_rerankers(chosen, texts, rerankers, params)
    kind = "late_interaction"
    fitted = {kind: calibration[kind]} if kind in calibration else {}
    return {kind: dict(blend.get(kind, {})), "calibration": fitted}, metrics


def fit_calibration(lists: Sequence[ScoredList], fits: Blend) -> tuple[Calibration, dict[str, Any]]:
    """Platt's sigmoid of each set's blend, and its calibration errors; a set without both kinds has none."""
    calibration: Calibration = {}
    errors: dict[str, Any] = {}
    for kind, weights in fits.items():
        fitted, errors_of_kind = calibrate(lists, weights)
        if fitted is not None:
            calibration[kind], errors[kind] = fitted, errors_of_kind
    return calibration, errors
