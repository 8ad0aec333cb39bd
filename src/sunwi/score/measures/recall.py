"""Share of the relevant documents among the first k."""

from __future__ import annotations

from sunwi.score.measure import Family, Measure, Place

SHOWN: dict[int, tuple[Place, ...]] = {1: (), 5: (), 10: ("summary", "tables", "ladder"), 50: ("summary",)}
DEPTHS = tuple(SHOWN)

MEASURE = Family.of(
    *(Measure(f"recall{k}", f"Recall@{k}", 400 + k, f"R@{k}", shown=shown) for k, shown in SHOWN.items())
)
