"""Whether a relevant document is among the first k."""

from __future__ import annotations

from functools import partial

from sunwi.score.measure import Family, Measure, Place

SHOWN: dict[int, tuple[Place, ...]] = {1: ("summary", "tables", "ladder"), 3: (), 5: ()}


def _hit(depth: int, rank: int | None) -> float:
    return float(rank is not None and rank <= depth)


MEASURE = Family.of(
    *(
        Measure(f"hit{k}", f"Hit@{k}", 600 + k, f"Success@{k}", of_first_rank=partial(_hit, k), shown=shown)
        for k, shown in SHOWN.items()
    )
)
