"""BERT in int8 on a CPU: Q, K and V are one product of what is scaled once, rows run side by side."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention

from sunwi.models.cpu.bert import bert_layers, query_key_value
from sunwi.models.cpu.int8_product import Int8Product, Scaled, after_gelu, by_token
from sunwi.models.cpu.outputs import EncoderOutput
from sunwi.models.cpu.row_threads import map_rows

TOKENS = 1024  # of the rows that a thread takes at a time: more leave its caches, fewer pay for each call


class Int8Bert(torch.nn.Module):
    """The bare encoder (float32, in memory of the CPU) with its layers' products in int8.

    The arithmetic is that of `Int8Linear` in the same model; attention, norms and GELU stay in float32.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.embeddings: Any = model.embeddings
        self.layers = [Int8Layer(layer) for layer in bert_layers(model)]

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> EncoderOutput:
        """Hidden states [rows, tokens, channels] of ids and mask [rows, tokens], padded on the right."""
        rows, size = input_ids.shape
        step = max(1, min(TOKENS // size, -(-rows // torch.get_num_threads())))
        found = map_rows(
            lambda start: self._hidden(input_ids[start : start + step], attention_mask[start : start + step]),
            range(0, rows, step),
        )
        return EncoderOutput(last_hidden_state=torch.cat(found))

    def _hidden(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        with torch.inference_mode():  # a thread's own
            # There is a mask even where nothing is padded: without one attention's low bits are others.
            hide = torch.zeros(mask.shape).masked_fill_(mask == 0, float("-inf"))[:, None, None, :]
            hidden: torch.Tensor = self.embeddings(input_ids=ids).flatten(0, 1)
            scaled = by_token(hidden)
            for layer in self.layers:
                hidden, scaled = layer(hidden, scaled, hide)
            return hidden.view(*ids.shape, -1)


class Int8Layer:
    """One layer; its input comes scaled, for three matrices read it, and its output leaves so."""

    def __init__(self, layer: Any) -> None:
        attention, after = layer.attention.self, layer.attention.output
        self.heads = attention.num_attention_heads
        self.into_attention = Int8Product(*query_key_value(attention))
        self.out_of_attention = Int8Product(after.dense.weight, after.dense.bias)
        self.attention_norm = after.LayerNorm
        self.up = Int8Product(layer.intermediate.dense.weight, layer.intermediate.dense.bias)
        self.down = Int8Product(layer.output.dense.weight, layer.output.dense.bias, reads_gelu=True)
        self.norm = layer.output.LayerNorm

    def __call__(
        self, hidden: torch.Tensor, scaled: Scaled, hide: torch.Tensor
    ) -> tuple[torch.Tensor, Scaled]:
        """Hidden states [rows x tokens, channels], in float32 and scaled; `hide` [rows, 1, 1, tokens]."""
        context = self._attention(self.into_attention(scaled), hide)
        hidden = self.attention_norm(self.out_of_attention(by_token(context)).add_(hidden))
        inner = torch.ops.aten.gelu_(self.up(by_token(hidden)))
        hidden = self.norm(self.down(after_gelu(inner)).add_(hidden))
        return hidden, by_token(hidden)

    def _attention(self, three: torch.Tensor, hide: torch.Tensor) -> torch.Tensor:
        rows, size = len(hide), hide.shape[-1]
        # [rows, tokens, 3, heads, channels of a head] -> three of [rows, heads, tokens, channels of a head]
        query, key, value = three.view(rows, size, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mask = hide.expand(rows, 1, size, size)
        context = scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return context.transpose(1, 2).reshape(rows * size, -1)
