"""BERT with packed weights on a CPU: Q, K and V are one product, and nothing is padded."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention

from sunwi.models.bert import bert_layers, query_key_value
from sunwi.models.packed_linear import PackedLinear


class PackedBert(torch.nn.Module):
    """The bare encoder (in memory of the CPU) for rows of one length."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.embeddings: Any = model.embeddings
        self.layers = [PackedLayer(layer) for layer in bert_layers(model)]

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        """Hidden states [rows, tokens, channels] of ids [rows, tokens] without padding."""
        hidden: torch.Tensor = self.embeddings(input_ids=input_ids).flatten(0, 1)
        for layer in self.layers:
            hidden = layer(hidden, *input_ids.shape)
        return hidden.view(*input_ids.shape, -1)


class PackedLayer:
    """One layer, [rows x tokens, channels] to the same."""

    def __init__(self, layer: Any) -> None:
        attention, after = layer.attention.self, layer.attention.output
        self.heads = attention.num_attention_heads
        self.into_attention = PackedLinear(*query_key_value(attention))
        self.out_of_attention = PackedLinear(after.dense.weight, after.dense.bias)
        self.attention_norm = after.LayerNorm
        self.up = PackedLinear(layer.intermediate.dense.weight, layer.intermediate.dense.bias, gelu=True)
        self.down = PackedLinear(layer.output.dense.weight, layer.output.dense.bias)
        self.norm = layer.output.LayerNorm

    def __call__(self, hidden: torch.Tensor, rows: int, size: int) -> torch.Tensor:
        # [rows, tokens, 3, heads, channels of a head] -> three of [rows, heads, tokens, channels of a head]
        three = self.into_attention(hidden).view(rows, size, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        context = scaled_dot_product_attention(*three).transpose(1, 2).reshape(rows * size, -1)
        hidden = self.attention_norm(self.out_of_attention(context).add_(hidden))
        found: torch.Tensor = self.norm(self.down(self.up(hidden)).add_(hidden))
        return found
