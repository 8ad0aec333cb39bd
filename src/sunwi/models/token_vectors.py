"""Vectors of texts' tokens, from a model's hidden states or from where they were kept."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sunwi.models.heads import colbert_vectors, load_head
from sunwi.models.hidden_states import HiddenStates
from sunwi.models.token_store import TokenRow, TokenStore, TokenVectors

if TYPE_CHECKING:
    import torch


class TokenEncoder:
    """L2-normalised vectors of each text's tokens, [tokens, dimensions], float16.

    Of a model with a ColBERT head that head's, without the first token, as M3 has it.

    Parameters
    ----------
    states
        Runs the model.
    dimensions
        Of its hidden states.
    kept_under
        What the vectors depend on beside model and token ids; None where none are kept.
    """

    def __init__(self, states: HiddenStates, dimensions: int, kept_under: Sequence[str] | None) -> None:
        self._states = states
        self.store: TokenStore | None = None
        if kept_under is not None:
            size = dimensions if self._head is None else len(self._head["weight"])
            self.store = TokenStore(size, (states.info.content_hash, *kept_under))

    def fresh(self, token_ids: Sequence[list[int]], max_length: int) -> list[TokenVectors]:
        """Of texts by their token ids."""
        found: list[TokenVectors] = [np.empty(0, dtype=np.float16)] * len(token_ids)
        for rows, batch in self._states.batches_of(token_ids, max_length):
            _, hidden, mask = self._states.of_batch(batch)
            for row, vectors in zip(rows, self.of_states(hidden, mask), strict=True):
                found[row] = vectors
        return found

    def kept(self, token_ids: Sequence[list[int]], max_length: int) -> list[TokenVectors]:
        """The same; those that are kept are read, the others made and kept."""
        if self.store is None:
            return self.fresh(token_ids, max_length)
        stored = self.store.get(token_ids)
        missing = [ids for ids, vectors in zip(token_ids, stored, strict=True) if vectors is None]
        made = self.fresh(missing, max_length)
        self.store.put(missing, made)
        new = iter(made)
        return [next(new) if vectors is None else vectors for vectors in stored]

    def keep(self, rows: Sequence[TokenRow], hidden: torch.Tensor, mask: torch.Tensor) -> None:
        """Keep those of a batch whose hidden states are there."""
        if self.store is not None:
            self.store.put(rows, self.of_states(hidden, mask))

    def of_states(self, hidden: torch.Tensor, mask: torch.Tensor) -> list[TokenVectors]:
        """Of each row of a batch, from [batch, tokens, hidden] and the mask [batch, tokens]."""
        import torch

        tokens, real = (hidden, mask) if self._head is None else colbert_vectors(hidden, mask, self._head)
        unit = torch.nn.functional.normalize(tokens, dim=-1).half().cpu().numpy()
        return [row[of_row] for row, of_row in zip(unit, real.cpu().numpy().astype(bool), strict=True)]

    @cached_property
    def _head(self) -> dict[str, torch.Tensor] | None:
        info = self._states.info
        return load_head(info, "colbert") if "colbert" in info.heads else None
