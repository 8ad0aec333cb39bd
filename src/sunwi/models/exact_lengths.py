"""Rows of a batch at their own lengths: what is padded is left out, and so is the mask that would hide it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from transformers.modeling_outputs import BaseModelOutput

from sunwi.models.batches import length_batches

TOKENS = 1024  # of the rows that are computed together
Part = tuple[torch.Tensor, int]  # rows of a batch, and the length of each of them
Share = Callable[[Callable[[Part], torch.Tensor], Iterable[Part]], list[torch.Tensor]]


class ExactLengths(torch.nn.Module):
    """A model of rows of one length, as a model of any rows.

    Parameters
    ----------
    hidden
        Hidden states [rows, tokens, channels] of ids [rows, tokens] without padding.
    share
        Calls a function for each of some parts and gives the results in their order: one after the other,
        or by several threads.
    """

    def __init__(self, hidden: Callable[[torch.Tensor], torch.Tensor], share: Share) -> None:
        super().__init__()
        self.hidden = hidden
        self.share = share

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> BaseModelOutput:
        """Hidden states [rows, tokens, channels], zeros in the padding, of ids and mask [rows, tokens].

        The padding is on the right.
        """
        lengths: list[int] = attention_mask.sum(dim=1).tolist()
        each = -(-len(lengths) // torch.get_num_threads())
        batches = length_batches(lengths, each, max(lengths), step=1, most_tokens=TOKENS)
        parts = [(torch.tensor(rows), size) for rows, size in batches]

        def of_part(part: Part) -> torch.Tensor:
            rows, size = part
            with torch.inference_mode():  # a thread's own
                return self.hidden(input_ids[rows, :size])

        found = self.share(of_part, parts)
        whole = found[0].new_zeros(*input_ids.shape, found[0].shape[-1])
        for (rows, size), states in zip(parts, found, strict=True):
            whole[rows, :size] = states
        return BaseModelOutput(last_hidden_state=whole)


def one_by_one(work: Callable[[Part], torch.Tensor], parts: Iterable[Part]) -> list[torch.Tensor]:
    """In this thread."""
    return [work(part) for part in parts]


def without_mask(model: Any) -> Callable[[torch.Tensor], torch.Tensor]:
    """A model of the library, as `ExactLengths` calls it."""

    def hidden(ids: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = model(input_ids=ids).last_hidden_state
        return found

    return hidden
