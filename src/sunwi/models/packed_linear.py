"""Linear layers whose weights are packed for oneDNN: faster in float32 on a CPU than BLAS, same sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sunwi.errors import ModelError

if TYPE_CHECKING:
    import torch


def pack_linears(model: torch.nn.Module, spec: str) -> torch.nn.Module:
    """The model with every `torch.nn.Linear` packed, and a BERT layer's GELU computed by the layer before it.

    The operators are those that torch's own compiler puts in place of linear layers (inductor, freezing);
    what differs from BLAS is the order of additions, and so low bits.

    Raises
    ------
    ModelError
        If this build of torch has no oneDNN.
    """
    import torch

    if not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        next_step = "set encoder.kernels to torch, or install a build of torch with oneDNN"
        raise ModelError(spec, "encoder.kernels is onednn, which this build of torch lacks", next_step)
    for module in list(model.modules()):
        exact = applies_exact_gelu(module)
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.Linear):
                fused = name == "dense" and exact
                setattr(module, name, _packed(child, "gelu" if fused else "none"))
                if fused:
                    module.intermediate_act_fn = torch.nn.Identity()
    return model


def applies_exact_gelu(module: torch.nn.Module | None) -> bool:
    """Whether the module is the first half of a BERT layer's feed-forward part, with the GELU of erf."""
    from transformers.activations import GELUActivation

    activation = getattr(module, "intermediate_act_fn", None)
    return isinstance(activation, GELUActivation) or getattr(activation, "approximate", "") == "none"


def _packed(linear: torch.nn.Linear, activation: str) -> torch.nn.Module:
    import torch

    class PackedLinear(torch.nn.Module):
        """y = activation(x W' + b)."""

        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), None)
            self.bias = None if linear.bias is None else linear.bias.detach()

        def forward(self, hidden: torch.Tensor) -> Any:
            form = "none" if activation == "gelu" else ""  # of the GELU: exact
            return torch.ops.mkldnn._linear_pointwise(hidden, self.weight, self.bias, activation, [], form)

    return PackedLinear()
