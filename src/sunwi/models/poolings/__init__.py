"""How one vector is made of a text's token vectors: one pooling a file, defining POOLING.

The file's name is sentence-transformers' name of it (`pooling_mode` of 1_Pooling/config.json).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Pooling:
    """One member of `sunwi.models.pooling.POOLINGS`.

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
