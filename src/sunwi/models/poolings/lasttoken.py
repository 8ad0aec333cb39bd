"""`lasttoken`: the last token that is no padding, which alone has seen all of a decoder's text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sunwi.models.poolings import Pooling

if TYPE_CHECKING:
    import torch


def lasttoken(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Shape [batch, dimensions]."""
    last = mask.sum(dim=1) - 1
    return hidden[range(len(hidden)), last]


POOLING = Pooling(lasttoken, "pooling_mode_lasttoken", "last_token")
