"""Fusion of several retrievers' scores; one method a file."""

from sunwi.search.fusion.normalise import zscore
from sunwi.search.fusion.rrf import reciprocal_rank_fusion
from sunwi.search.fusion.weighted import weighted_sum, weighted_total

__all__ = ["reciprocal_rank_fusion", "weighted_sum", "weighted_total", "zscore"]
