"""Section fusion."""

from __future__ import annotations

from pydantic import NonNegativeFloat, PositiveInt

from sunwi.params.section import Grid, Section, Share


class PriorWeights(Section):
    """Weights beside dense search (or, of rerankers, beside the fused score) where no label says otherwise.

    Measured on several Korean sets by benchmarks/search/prior_weights.py (docs/results/ranking.md).
    """

    bm25: NonNegativeFloat = 0.4
    """BM25."""
    questions: NonNegativeFloat = 0.25
    """The search over questions that an LLM or people wrote."""
    template_questions: NonNegativeFloat = 0.0
    """The search over questions that templates wrote."""
    sentences: NonNegativeFloat = 0.25
    """The search over sentences."""
    lexical: NonNegativeFloat = 0.25
    """M3's lexical head."""
    late_interaction: NonNegativeFloat = 0.25
    """MaxSim, untrained or trained."""
    cross_encoder: NonNegativeFloat = 0.25
    """A trained cross-encoder."""


class FusionParams(Section):
    """Score fusion: prior weights, moved towards those that people's dev questions prefer."""

    low_overlap: Share = 0.65
    """Questions that copy at most this share of their passage judge the weights where people's are few."""
    min_questions: PositiveInt = 30
    """With fewer such questions all dev questions are used."""
    bm25_weights: Grid = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 2.0]
    """Weights of BM25 that are tried."""
    question_weights: Grid = [0.0, 0.25, 0.5, 0.75, 1.0]
    """Weights of the search over questions that are tried."""
    sentence_weights: Grid = [0.0, 0.25, 0.5, 0.75, 1.0]
    """Weights of the search over sentences that are tried."""
    lexical_weights: Grid = [0.0, 0.25, 0.5, 1.0]
    """Weights of M3's lexical head that are tried, where the model has one."""
    priors: PriorWeights = PriorWeights()
    """Weights without labels."""
    prior_questions: PositiveInt = 50
    """People's dev questions that count as much as the priors, k: (n * fitted + k * prior) / (n + k)."""
