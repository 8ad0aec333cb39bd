"""Reciprocal rank of the first relevant document, 0 below ten."""

from __future__ import annotations

from sunwi.score.measure import Family, Measure

MEASURE = Family.of(Measure("mrr", "MRR@10", 200, "RR@10", shown=("summary", "tables"), compared=True))
