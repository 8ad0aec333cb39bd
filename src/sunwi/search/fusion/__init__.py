"""Fusion of several retrievers' scores; one method a file."""

from sunwi.search.fusion.alpha import alpha_fusion
from sunwi.search.fusion.cascaded import cascaded_rrf
from sunwi.search.fusion.comb import comb_fusion
from sunwi.search.fusion.normalise import minmax, zscore
from sunwi.search.fusion.rrf import reciprocal_rank_fusion
from sunwi.search.fusion.weighted import weighted_sum, weighted_total

__all__ = [
    "alpha_fusion",
    "cascaded_rrf",
    "comb_fusion",
    "minmax",
    "reciprocal_rank_fusion",
    "weighted_sum",
    "weighted_total",
    "zscore",
]
