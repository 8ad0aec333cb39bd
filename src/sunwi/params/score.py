"""Section score."""

from __future__ import annotations

from pydantic import PositiveInt

from sunwi.params.section import Level, Section


class ScoreParams(Section):
    """Measures and tests."""

    baseline: str = "dense_base"
    cutoff: PositiveInt = 3  # of the competition's MAP
    bootstrap: PositiveInt = 10000
    permutations: PositiveInt = 100000
    confidence: Level = 0.95
