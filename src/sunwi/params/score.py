"""Section score."""

from __future__ import annotations

from pydantic import PositiveInt

from sunwi.params.section import Level, Name, Section


class ScoreParams(Section):
    """Measures and tests."""

    baseline: Name = "dense_base"
    """Submission that all others are compared with."""
    cutoff: PositiveInt = 3
    """Documents that the competition's MAP counts."""
    bootstrap: PositiveInt = 10000
    """Samples of the bootstrap intervals."""
    permutations: PositiveInt = 100000
    """Draws of the paired randomisation tests."""
    confidence: Level = 0.95
    """Level of the intervals and tests."""
