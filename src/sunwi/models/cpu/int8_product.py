"""A matrix product in int8 on a CPU: weights scaled by output channel, activations by token."""

from __future__ import annotations

import torch

GELU_FLOOR = 0.17  # GELU is nowhere below -0.17
OFFSET = 128  # of an activation in uint8, as the CPU's dot product of uint8 and int8 asks
ROUNDER = 1.5 * 2**23  # a float32 of this size has no digits after the point: adding it rounds
SMALLEST = 1e-12  # of a scale's numerator: a token of zeros stays one

Scaled = tuple[torch.Tensor, torch.Tensor]  # tokens in uint8 [tokens, channels], their scales [tokens, 1]


class Int8Product:
    """y = scale (q - zero) Q' s + b: q uint8 and scale by token, Q int8 and s by output channel.

    A token's scale is its own largest activation (dynamic quantisation by token, as in ZeroQuant, Yao et al.
    2022, section 3.2): sums are whole numbers, so a row's result depends on no other row of the batch, which
    one scale for a whole tensor would break.

    Parameters
    ----------
    weight
        [channels out, channels in], float32.
    bias
        [channels out], or none.
    reads_gelu
        Whether its tokens come from `after_gelu`, and not from `by_token`.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None, reads_gelu: bool = False) -> None:
        weight = weight.detach().float()
        self.scales = weight.abs().amax(dim=1).clamp_min(SMALLEST) / 127
        whole = (weight / self.scales[:, None]).round().to(torch.int8)
        self.zeros = torch.zeros(len(weight), dtype=torch.int64)
        self.weight = torch.ops.onednn.qlinear_prepack(whole, None)
        self.zero = 0 if reads_gelu else OFFSET
        self.bias = torch.zeros(len(weight)) if bias is None else bias.detach().float()
        if reads_gelu:
            self.bias = self.bias - GELU_FLOOR * whole.float().sum(dim=1) * self.scales

    def __call__(self, tokens: Scaled) -> torch.Tensor:
        """Float32, [tokens, channels out]."""
        whole, scale = tokens
        q = (whole, 1.0, self.zero, self.weight, self.scales, self.zeros)
        product = torch.ops.onednn.qlinear_pointwise(*q, None, 1.0, 0, torch.float32, "none", [], "")
        return torch.addcmul(self.bias, product, scale, out=product)


def by_token(tokens: torch.Tensor) -> Scaled:
    """Tokens [tokens, channels] in uint8 around 128."""
    largest = torch.maximum(tokens.amax(dim=1, keepdim=True), -tokens.amin(dim=1, keepdim=True))
    scale = largest.clamp_min_(SMALLEST).mul_(1 / 127)
    return _bytes(tokens, scale, OFFSET), scale


def after_gelu(tokens: torch.Tensor) -> Scaled:
    """The same of what GELU wrote, from -0.17 up, so that all 8 bits are in use; `tokens` is overwritten."""
    tokens = tokens.add_(GELU_FLOOR)
    scale = tokens.amax(dim=1, keepdim=True).clamp_min_(SMALLEST).mul_(1 / 255)
    return _bytes(tokens, scale, 0), scale


def _bytes(tokens: torch.Tensor, scale: torch.Tensor, offset: int) -> torch.Tensor:
    """round(tokens / scale) + offset in uint8: an addition rounds, and the float's last byte is that."""
    rounder = tokens.new_full(tokens.shape[1:], ROUNDER + offset)  # a row, not a number: six times as fast
    return torch.addcmul(rounder, tokens, scale.reciprocal()).view(torch.int32).to(torch.uint8)
