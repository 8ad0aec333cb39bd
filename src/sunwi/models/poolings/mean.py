"""`mean`: the mean of the tokens that are no padding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sunwi.models.poolings import Pooling

if TYPE_CHECKING:
    import torch


def mean(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Shape [batch, dimensions]."""
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(dim=1) / weights.sum(dim=1)


POOLING = Pooling(mean, "pooling_mode_mean_tokens", "mean")
