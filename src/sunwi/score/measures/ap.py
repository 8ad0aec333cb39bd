"""Average precision by its textbook definition, of the deep ranking."""

from __future__ import annotations

from sunwi.score.measure import Family, Measure

MEASURE = Family.of(Measure("ap", "AP", 100, "AP"))
