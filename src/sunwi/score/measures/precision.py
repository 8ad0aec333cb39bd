"""Share of the first k that is relevant."""

from __future__ import annotations

from sunwi.score.measure import Family, Measure

MEASURE = Family.of(*(Measure(f"p{k}", f"P@{k}", 500 + k, f"P@{k}") for k in (1, 3, 5)))
