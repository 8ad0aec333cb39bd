"""The linear ranker of a corpus: fitted on people's questions, or off with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sunwi.params.learning_to_rank import LearningToRankParams
from sunwi.search.index.terms import SUBWORD
from sunwi.search.learned.ranker import LinearRanker
from sunwi.train.learned.fit import FeatureList, fit_weights
from sunwi.train.learned.validation import cross_validate


def off(params: LearningToRankParams, reason: str) -> LinearRanker:
    """A ranker that leaves the fused order as it is."""
    return LinearRanker({}, params.depth, params.window, reason)


def reason_to_skip(params: LearningToRankParams, questions: int, tokenizer: str) -> str | None:
    """Why nothing is fitted on so many questions, before anything is searched; None: it is."""
    if not params.enabled:
        return "learning_to_rank.enabled is false"
    if tokenizer.startswith(SUBWORD):
        return f"bm25.tokenizer is {tokenizer}, and no subwords are matched"
    if questions < params.min_questions:
        return f"{questions} dev questions by people, {_too_few(params)}"
    return None


def _too_few(params: LearningToRankParams) -> str:
    return f"fewer than learning_to_rank.min_questions ({params.min_questions})"


def learn_to_rank(
    lists: Sequence[FeatureList],
    names: Sequence[str],
    params: LearningToRankParams,
    seed: int,
    confidence: float,
) -> tuple[LinearRanker, dict[str, Any]]:
    """Judge the ranker out of fold, then fit it on all lists if it is admitted; the ranker and its metrics.

    Parameters
    ----------
    names
        Of the features.
    """
    fitted = [one for one in lists if one.has_pair]
    counts = {"questions": len(lists), "fitted_on": len(fitted)}
    if len(fitted) < params.min_questions:
        reason = (
            f"{len(fitted)} of {len(lists)} dev questions by people have their answer among the candidates"
        )
        return off(params, f"{reason}, {_too_few(params)}"), counts
    validation = cross_validate(lists, params, seed, confidence)
    metrics = {**counts, **validation.as_metrics()}
    if not validation.admitted:
        return off(params, f"refused: {validation.reason}"), metrics
    weights = fit_weights(fitted, params.regularisation)
    by_name = {name: round(float(weight), 9) for name, weight in zip(names, weights, strict=True)}
    return LinearRanker(by_name, params.depth, params.window, f"admitted: {validation.reason}"), metrics
