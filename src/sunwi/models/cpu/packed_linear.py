"""Linear layers whose weights are packed for oneDNN: a row's result does not depend on the other rows."""

from __future__ import annotations

import torch

from sunwi.models.cpu.bert import replace_linears

# In bfloat16 oneDNN splits the sum over channels by the number of rows where the CPU has AMX, so the rows are
# computed in blocks of one size. 64 to 256 were measured (docs/search.md): smaller pays for calls, larger for
# the rows that fill the last block.
BLOCK = 128
LEAST_ROWS = 2  # a single row is a matrix-vector product, with another order of additions


class PackedLinear(torch.nn.Module):
    """y = activation(x W' + b).

    The operators are those that torch's own compiler puts in place of linear layers (inductor, freezing).
    BLAS behind `torch.nn.Linear` chooses its order of additions by the number of rows, and so low bits of a
    row depend on how many others there are; here they do not.

    Parameters
    ----------
    weight
        [channels out, channels in], float32 or bfloat16.
    bias
        [channels out], or none.
    gelu
        Whether the activation is GELU, the exact one; there is none else.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None, gelu: bool = False) -> None:
        super().__init__()
        self.channels = len(weight)
        self.weight = torch.ops.mkldnn._reorder_linear_weight(weight.detach().contiguous(), None)
        self.bias = None if bias is None else bias.detach()
        self.activation: tuple[str, list[float], str] = ("gelu", [], "none") if gelu else ("none", [], "")

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """[.., channels out] of [.., channels in]."""
        rows = hidden.reshape(-1, hidden.shape[-1])
        found: torch.Tensor = self._in_blocks(rows) if rows.dtype == torch.bfloat16 else self._at_once(rows)
        return found.view(*hidden.shape[:-1], self.channels)

    def _at_once(self, rows: torch.Tensor) -> torch.Tensor:
        if len(rows) < LEAST_ROWS:
            return self._product(rows.expand(LEAST_ROWS, -1).contiguous())[: len(rows)]
        return self._product(rows)

    def _in_blocks(self, rows: torch.Tensor) -> torch.Tensor:
        whole = len(rows) // BLOCK * BLOCK
        parts = [self._product(rows[start : start + BLOCK]) for start in range(0, whole, BLOCK)]
        if whole < len(rows):
            last = rows.new_zeros(BLOCK, rows.shape[1])
            last[: len(rows) - whole] = rows[whole:]
            parts.append(self._product(last)[: len(rows) - whole])
        return torch.cat(parts)

    def _product(self, rows: torch.Tensor) -> torch.Tensor:
        settings = (self.weight, self.bias, *self.activation)
        found: torch.Tensor = torch.ops.mkldnn._linear_pointwise(rows, *settings)
        return found


def pack_linears(model: torch.nn.Module) -> torch.nn.Module:
    """The model with every `torch.nn.Linear` packed, and BERT's GELU computed by the layer before it."""
    return replace_linears(model, lambda linear, gelu: PackedLinear(linear.weight, linear.bias, gelu))
