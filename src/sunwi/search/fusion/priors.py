"""Weights where labels are few: priors, and how far people's questions move them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sunwi.params.fusion import PriorWeights

TEMPLATE = "template:"  # how the generators of template questions begin


@dataclass(frozen=True, slots=True)
class Weight:
    """One weight and what it came from; `fitted` is None without a question of people."""

    prior: float
    fitted: float | None
    natural_questions: int
    value: float

    def as_metrics(self) -> dict[str, float | int | None]:
        """The fields by name."""
        return {
            "prior": self.prior,
            "fitted": self.fitted,
            "natural_questions": self.natural_questions,
            "weight": self.value,
        }


def shrunk(prior: float, fitted: float | None, natural_questions: int, strength: int) -> Weight:
    """(n * fitted + k * prior) / (n + k): k people's questions count as much as the prior.

    With fewer than k of them the fitted weight counts as 1 at most: a sharp peak over few lists is noise.

    Parameters
    ----------
    fitted
        What n people's questions prefer; None without any: the prior rules.
    strength
        k, `fusion.prior_questions`.

    Examples
    --------
    >>> shrunk(0.4, 1.0, natural_questions=50, strength=50).value
    0.7
    >>> shrunk(0.4, None, natural_questions=0, strength=50).value
    0.4
    """
    if fitted is None or not natural_questions:
        return Weight(prior, None, 0, prior)
    held = min(fitted, 1.0) if natural_questions < strength else fitted
    value = (natural_questions * held + strength * prior) / (natural_questions + strength)
    return Weight(prior, fitted, natural_questions, round(value, 4))


def question_prior(priors: PriorWeights, generators: Sequence[str]) -> float:
    """Prior of the question index by who wrote its questions: the mean over them; 0 for an empty index."""
    if not generators:
        return 0.0
    templates = sum(generator.startswith(TEMPLATE) for generator in generators)
    others = len(generators) - templates
    return (templates * priors.template_questions + others * priors.questions) / len(generators)


def retriever_priors(priors: PriorWeights, generators: Sequence[str]) -> Mapping[str, float]:
    """Prior weight of each retriever beside dense search, which counts 1."""
    return {
        "bm25": priors.bm25,
        "dense": 1.0,
        "lexical": priors.lexical,
        "questions": round(question_prior(priors, generators), 4),
        "sentences": priors.sentences,
    }


def reranker_priors(priors: PriorWeights) -> Mapping[str, float]:
    """Prior weight of each reranker beside the fused score, which counts 1."""
    return {
        "cross_encoder": priors.cross_encoder,
        "late_interaction": priors.late_interaction,
        "late_interaction_tuned": priors.late_interaction,
    }
