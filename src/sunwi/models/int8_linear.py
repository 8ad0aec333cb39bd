"""Linear layers in int8 on a CPU: weights scaled by output channel, activations by token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sunwi.errors import ModelError
from sunwi.models.packed_linear import applies_exact_gelu

if TYPE_CHECKING:
    import torch

GELU_FLOOR = 0.17  # GELU is nowhere below -0.17
OFFSET = 128  # of an activation in uint8, as the CPU's dot product of uint8 and int8 asks


def quantize_linears(model: torch.nn.Module, spec: str) -> torch.nn.Module:
    """The model (float32, in memory of the CPU) with every `torch.nn.Linear` in int8.

    A token's scale is its own largest activation (dynamic quantisation by token, as in ZeroQuant, Yao et al.
    2022, section 3.2): sums are whole numbers, so a row's result hangs on no other row of the batch, which
    one scale for a whole tensor would break. Attention, norms and what is between stay in float32.

    Raises
    ------
    ModelError
        If this CPU or this build of torch lacks the dot product in int8, or the model is on a GPU.
    """
    import torch

    here = all(weights.device.type == "cpu" for weights in model.parameters())
    if not (here and hasattr(torch.ops.onednn, "qlinear_pointwise") and torch.cpu._is_vnni_supported()):
        next_step = "set encoder.precision to auto, or to bfloat16 where the CPU has it"
        raise ModelError(spec, "encoder.precision is int8, which needs a CPU with AVX512-VNNI", next_step)
    after_gelu = {  # a BERT layer's second feed-forward matrix
        id(layer.output.dense)
        for layer in model.modules()
        if applies_exact_gelu(getattr(layer, "intermediate", None)) and hasattr(layer.output, "dense")
    }
    for module in list(model.modules()):
        exact = applies_exact_gelu(module)
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.Linear):
                setattr(module, name, _quantized(child, id(child) in after_gelu, exact and name == "dense"))
                if exact and name == "dense":
                    module.intermediate_act_fn = torch.nn.Identity()
    return model


def _quantized(linear: torch.nn.Linear, reads_gelu: bool, writes_gelu: bool) -> torch.nn.Module:
    import torch

    class Int8Linear(torch.nn.Module):
        """y = scale (q - zero) Q' s + b: q uint8 and scale by token, Q int8 and s by output channel."""

        def __init__(self) -> None:
            super().__init__()
            weight = linear.weight.detach().float()
            self.scales = weight.abs().amax(dim=1).clamp_min(1e-12) / 127
            whole = (weight / self.scales[:, None]).round().to(torch.int8)
            self.zeros = torch.zeros(len(weight), dtype=torch.int64)
            self.weight = torch.ops.onednn.qlinear_prepack(whole, None)
            bias = torch.zeros(len(weight)) if linear.bias is None else linear.bias.detach().float()
            # An activation after GELU is quantised as x + 0.17, all of whose 8 bits are then in use.
            self.bias = bias - GELU_FLOOR * whole.float().sum(dim=1) * self.scales if reads_gelu else bias

        def forward(self, hidden: torch.Tensor) -> Any:
            tokens = hidden.reshape(-1, hidden.shape[-1])
            whole, scale, zero = _of_gelu(tokens) if reads_gelu else _symmetric(tokens)
            q = (whole, 1.0, zero, self.weight, self.scales, self.zeros)
            product = torch.ops.onednn.qlinear_pointwise(*q, None, 1.0, 0, torch.float32, "none", [], "")
            torch.addcmul(self.bias, product, scale, out=product)
            if writes_gelu:
                torch.ops.aten.gelu_(product)
            return product.view(*hidden.shape[:-1], -1)

    return Int8Linear()


def _symmetric(tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Tokens in uint8 around 128, their scales [tokens, 1], and that zero."""
    import torch

    largest = torch.maximum(tokens.amax(dim=1, keepdim=True), -tokens.amin(dim=1, keepdim=True))
    scale = largest.clamp_min_(1e-12).mul_(1 / 127)
    return _bytes(tokens * scale.reciprocal()), scale, OFFSET


def _of_gelu(tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, int]:
    """The same of what GELU wrote, from -0.17 up; `tokens`, which nothing else reads, is overwritten."""
    tokens = tokens.add_(GELU_FLOOR)
    scale = tokens.amax(dim=1, keepdim=True).clamp_min_(1e-12).mul_(1 / 255)
    return _bytes(tokens.mul_(scale.reciprocal()).sub_(OFFSET)), scale, 0


def _bytes(scaled: torch.Tensor) -> torch.Tensor:
    """round(scaled) + 128 in uint8; by way of int8, the faster conversion; `scaled` is overwritten."""
    import torch

    return scaled.round_().to(torch.int8).view(torch.uint8).bitwise_xor_(OFFSET)
