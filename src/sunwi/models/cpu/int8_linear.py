"""Any model's linear layers in int8 on a CPU, each in the place of the float32 one."""

from __future__ import annotations

from typing import Any

import torch

from sunwi.models.cpu.bert import applies_exact_gelu, replace_linears
from sunwi.models.cpu.int8_product import Int8Product, after_gelu, by_token


def quantize_linears(model: torch.nn.Module) -> torch.nn.Module:
    """The model (float32, in memory of the CPU) with every `torch.nn.Linear` in int8 (`Int8Product`).

    Attention, norms and what is between stay in float32.
    """
    reads_gelu = {  # a BERT layer's second feed-forward matrix
        id(layer.output.dense)
        for layer in model.modules()
        if applies_exact_gelu(getattr(layer, "intermediate", None)) and hasattr(layer.output, "dense")
    }
    return replace_linears(model, lambda linear, gelu: Int8Linear(linear, id(linear) in reads_gelu, gelu))


class Int8Linear(torch.nn.Module):
    """A linear layer in int8, with the GELU before or after it where a BERT layer has one there."""

    def __init__(self, linear: torch.nn.Linear, reads_gelu: bool, writes_gelu: bool) -> None:
        super().__init__()
        self.product = Int8Product(linear.weight, linear.bias, reads_gelu)
        self.scaled = after_gelu if reads_gelu else by_token
        self.writes_gelu = writes_gelu

    def forward(self, hidden: torch.Tensor) -> Any:
        found = self.product(self.scaled(hidden.reshape(-1, hidden.shape[-1])))
        if self.writes_gelu:
            torch.ops.aten.gelu_(found)
        return found.view(*hidden.shape[:-1], -1)
