"""The competition's MAP, of what is submitted; tables have it with its interval and its p-value."""

from __future__ import annotations

from sunwi.score.competition_map import competition_average_precision
from sunwi.score.measure import COMPETITION, Family, Measure

MEASURE = Family.of(
    Measure(COMPETITION, "MAP (competition)", 0, of_topk=competition_average_precision, compared=True)
)
