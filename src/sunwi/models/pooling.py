"""One vector a text from its tokens' vectors, by a pooling's name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sunwi.registry import Registry

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Pooling:
    """One member of `POOLINGS`.

    Attributes
    ----------
    pool
        Token vectors [batch, tokens, dimensions] and mask [batch, tokens], padded on the right, to
        [batch, dimensions].
    flag
        The key of 1_Pooling/config.json that names it in sentence-transformers before version 6, which later
        versions read too.
    flag_embedding
        FlagEmbedding's `sentence_pooling_method`; None: it has none, and the model cannot be tuned by it.
    """

    pool: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    flag: str
    flag_embedding: str | None = None


POOLINGS: Registry[Pooling] = Registry("sunwi.models.poolings", "POOLING", Pooling)


def pool(hidden: torch.Tensor, mask: torch.Tensor, pooling: str) -> torch.Tensor:
    """One vector a text from [batch, tokens, dimensions] and [batch, tokens] (padding on the right)."""
    return POOLINGS.load(pooling).pool(hidden, mask)
