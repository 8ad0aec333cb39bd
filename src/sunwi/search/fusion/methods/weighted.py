"""`weighted`: the sum of z-scores with the weights that the variant gives; 1 where it gives none."""

from __future__ import annotations

from sunwi.search.fusion.method import FusionMethod
from sunwi.search.fusion.weighted import weighted_sum

FUSION = FusionMethod(lambda scores, settings: weighted_sum(scores, settings.weights))
