"""Section guard."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat

from sunwi.params.section import Level, Section

# The registry of measures is in score, above params: a test compares them.
GuardMeasure = Literal["map", "mrr", "hit1", "hit3", "hit5"]


class GuardParams(Section):
    """What `sunwi check --against REV` watches: the headline variant in these measures."""

    tolerances: Annotated[dict[GuardMeasure, NonNegativeFloat], Field(min_length=1)] = {"map": 0.01}
    """How far each measure of the headline may fall in `sunwi check --against REV`."""
    alpha: Level = 0.05
    """Significance level from which a fall counts as real."""
