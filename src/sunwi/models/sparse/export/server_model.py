"""The graph that ML Commons runs: weights of the whole token table, cut for the server."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from sunwi.models.sparse.head import SparseModel


class ServerModel(nn.Module):
    """{"output": [batch, tokens of the tokeniser]}; special tokens and entries outside the vocabulary are 0.

    The server takes every weight above 0, so the cut to `max_terms` is part of the graph.
    """

    token_ids: torch.Tensor

    def __init__(self, model: SparseModel, token_ids: Sequence[int], max_terms: int) -> None:
        super().__init__()
        self.model = model
        self.max_terms = min(max_terms, len(token_ids))
        self.tokens = len(model.row_of_token)
        self.register_buffer("token_ids", torch.tensor(token_ids))

    def forward(self, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """`input_ids` and `attention_mask` [batch, tokens]; ML Commons gives them as one dict."""
        weights = self.model(inputs["input_ids"], inputs["attention_mask"])  # [batch, vocabulary]
        least = weights.topk(self.max_terms, dim=1).values[:, -1:]
        weights = weights * (weights >= least)
        output = weights.new_zeros((weights.shape[0], self.tokens)).index_copy(1, self.token_ids, weights)
        return {"output": output}
