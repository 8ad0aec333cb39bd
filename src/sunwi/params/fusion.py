"""Section fusion."""

from __future__ import annotations

from pydantic import PositiveInt

from sunwi.params.section import Grid, Section, Share


class FusionParams(Section):
    """Score fusion fitted on the low-overlap part of the dev questions."""

    low_overlap: Share = 0.65
    min_questions: PositiveInt = 30
    bm25_weights: Grid = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 2.0]
    question_weights: Grid = [0.0, 0.25, 0.5, 0.75, 1.0]
    lexical_weights: Grid = [0.0, 0.25, 0.5, 1.0]  # of models with M3's lexical head
