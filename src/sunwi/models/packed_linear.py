"""Linear layers whose weights are packed for oneDNN: faster in float32 on a CPU than BLAS, same sums."""

from __future__ import annotations

from typing import Any

import torch

from sunwi.models.bert import applies_exact_gelu


class PackedLinear(torch.nn.Module):
    """y = activation(x W' + b).

    The operators are those that torch's own compiler puts in place of linear layers (inductor, freezing);
    what differs from BLAS is the order of additions, and so low bits.

    Parameters
    ----------
    weight
        [channels out, channels in].
    bias
        [channels out], or none.
    gelu
        Whether the activation is GELU, the exact one; there is none else.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None, gelu: bool = False) -> None:
        super().__init__()
        self.weight = torch.ops.mkldnn._reorder_linear_weight(weight.detach().contiguous(), None)
        self.bias = None if bias is None else bias.detach()
        self.activation: tuple[str, list[float], str] = ("gelu", [], "none") if gelu else ("none", [], "")

    def forward(self, hidden: torch.Tensor) -> Any:
        return torch.ops.mkldnn._linear_pointwise(hidden, self.weight, self.bias, *self.activation)


def pack_linears(model: torch.nn.Module) -> torch.nn.Module:
    """The model with every `torch.nn.Linear` packed, and BERT's GELU computed by the layer before it."""
    for module in list(model.modules()):
        exact = applies_exact_gelu(module)
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.Linear):
                fused = name == "dense" and exact
                setattr(module, name, PackedLinear(child.weight, child.bias, fused))
                if fused:
                    module.intermediate_act_fn = torch.nn.Identity()
    return model
