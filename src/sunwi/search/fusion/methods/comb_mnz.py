"""`comb_mnz`: CombMNZ over each retriever's best."""

from __future__ import annotations

from sunwi.search.fusion.comb import comb_fusion
from sunwi.search.fusion.method import FusionMethod

FUSION = FusionMethod(lambda scores, settings: comb_fusion(scores, "mnz", settings.depth))
