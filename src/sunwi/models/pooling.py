"""One vector a text from its tokens' vectors, by a pooling's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sunwi.models.poolings import Pooling
from sunwi.registry import Registry

if TYPE_CHECKING:
    import torch

POOLINGS: Registry[Pooling] = Registry("sunwi.models.poolings", "POOLING", Pooling)


def pool(hidden: torch.Tensor, mask: torch.Tensor, pooling: str) -> torch.Tensor:
    """One vector a text from [batch, tokens, dimensions] and [batch, tokens] (padding on the right)."""
    return POOLINGS.load(pooling).pool(hidden, mask)
