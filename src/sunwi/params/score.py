"""Section score."""

from __future__ import annotations

from sunwi.params.section import Count, Level, Section


class ScoreParams(Section):
    """Measures and tests."""

    baseline: str = "dense_base"
    cutoff: Count = 3  # of the competition's MAP
    bootstrap: Count = 10000
    permutations: Count = 100000
    confidence: Level = 0.95
