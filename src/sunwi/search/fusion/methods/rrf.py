"""`rrf`: weighted reciprocal ranks."""

from __future__ import annotations

from sunwi.search.fusion.method import FusionMethod
from sunwi.search.fusion.rrf import reciprocal_rank_fusion

FUSION = FusionMethod(
    lambda scores, one: reciprocal_rank_fusion(scores, one.rrf_k, one.depth, one.weights), reads_ranks=True
)
