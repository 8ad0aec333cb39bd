"""Section guard."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sunwi.params.section import Level, NonNegativeFloat, Section

# The registry of measures is in score, above params: a test compares them.
GuardMeasure = Literal["map", "mrr", "hit1", "hit3", "hit5"]


class GuardParams(Section):
    """What `sunwi check --against REV` watches: the headline variant in these measures."""

    tolerances: Annotated[dict[GuardMeasure, NonNegativeFloat], Field(min_length=1)] = {"map": 0.01}
    alpha: Level = 0.05
