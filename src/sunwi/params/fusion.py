"""Section fusion."""

from __future__ import annotations

from pydantic import PositiveInt

from sunwi.params.section import Grid, Section, Share


class FusionParams(Section):
    """Score fusion fitted on the low-overlap part of the dev questions."""

    low_overlap: Share = 0.65
    """Weights are chosen on questions that copy at most this share of their passage."""
    min_questions: PositiveInt = 30
    """With fewer such questions all dev questions are used."""
    bm25_weights: Grid = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 2.0]
    """Weights of BM25 that are tried."""
    question_weights: Grid = [0.0, 0.25, 0.5, 0.75, 1.0]
    """Weights of the search over synthetic questions that are tried."""
    lexical_weights: Grid = [0.0, 0.25, 0.5, 1.0]
    """Weights of M3's lexical head that are tried, where the model has one."""
