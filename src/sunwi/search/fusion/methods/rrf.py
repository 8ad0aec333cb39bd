"""`rrf`: weighted reciprocal ranks."""

from __future__ import annotations

from sunwi.search.fusion.method import FusionMethod
from sunwi.search.fusion.rrf import reciprocal_rank_fusion

FUSION = FusionMethod(
    lambda scores, settings: reciprocal_rank_fusion(scores, settings.rrf_k, settings.depth, settings.weights),
    reads_ranks=True,
)
