"""Whether a relevant document is among the first k."""

from __future__ import annotations

from sunwi.score.measure import Family, Measure, Place

SHOWN: dict[int, tuple[Place, ...]] = {1: ("summary", "tables", "ladder"), 3: (), 5: ()}

MEASURE = Family.of(
    *(Measure(f"hit{k}", f"Hit@{k}", 600 + k, f"Success@{k}", shown=shown) for k, shown in SHOWN.items())
)
