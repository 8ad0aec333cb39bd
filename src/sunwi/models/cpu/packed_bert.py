"""BERT with packed weights on a CPU: nothing is padded, rows of all lengths share each matrix product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention

from sunwi.models.cpu.bert import bert_layers, query_key_value
from sunwi.models.cpu.packed_linear import PackedLinear

Inputs = dict[str, torch.Tensor]  # what the embeddings read, each [rows, tokens], without padding
Span = tuple[int, int, int]  # first token, rows, tokens of each row


class PackedBert(torch.nn.Module):
    """The bare encoder, in memory of the CPU."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.embeddings: Any = model.embeddings
        self.layers = [PackedLayer(layer) for layer in bert_layers(model)]

    def forward(self, groups: Sequence[Inputs]) -> list[torch.Tensor]:
        """Hidden states [rows, tokens, channels] of each group; the rows of a group have one length."""
        return self.branched(groups, 0, [self.layers])[0]

    def branched(
        self, groups: Sequence[Inputs], depth: int, tops: Sequence[Sequence[PackedLayer]]
    ) -> list[list[torch.Tensor]]:
        """The same of each of several models: the first `depth` layers here, the others in `tops`."""
        spans: list[Span] = []
        total = 0
        for group in groups:
            rows, tokens = group["input_ids"].shape
            spans.append((total, rows, tokens))
            total += rows * tokens
        hidden = torch.cat([self.embeddings(**group).flatten(0, 1) for group in groups])
        for layer in self.layers[:depth]:
            hidden = layer(hidden, spans)
        found = []
        for top in tops:
            states = hidden
            for layer in top:
                states = layer(states, spans)
            found.append(
                [states[at : at + rows * tokens].view(rows, tokens, -1) for at, rows, tokens in spans]
            )
        return found


class PackedLayer:
    """One layer, [all tokens, channels] to the same."""

    def __init__(self, layer: Any) -> None:
        attention, after = layer.attention.self, layer.attention.output
        self.heads = attention.num_attention_heads
        self.into_attention = PackedLinear(*query_key_value(attention))
        self.out_of_attention = PackedLinear(after.dense.weight, after.dense.bias)
        self.attention_norm = after.LayerNorm
        self.up = PackedLinear(layer.intermediate.dense.weight, layer.intermediate.dense.bias, gelu=True)
        self.down = PackedLinear(layer.output.dense.weight, layer.output.dense.bias)
        self.norm = layer.output.LayerNorm

    def __call__(self, hidden: torch.Tensor, spans: Sequence[Span]) -> torch.Tensor:
        context = self._attention(self.into_attention(hidden), spans)
        hidden = self.attention_norm(self.out_of_attention(context).add_(hidden))
        found: torch.Tensor = self.norm(self.down(self.up(hidden)).add_(hidden))
        return found

    def _attention(self, three: torch.Tensor, spans: Sequence[Span]) -> torch.Tensor:
        parts = []
        for start, rows, tokens in spans:
            of_group = three[start : start + rows * tokens]
            # [rows, tokens, 3, heads, channels] -> three of [rows, heads, tokens, channels of a head]
            query, key, value = of_group.view(rows, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
            context = scaled_dot_product_attention(query, key, value)
            parts.append(context.transpose(1, 2).reshape(rows * tokens, -1))
        return torch.cat(parts)
