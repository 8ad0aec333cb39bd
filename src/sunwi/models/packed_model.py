"""A model with weights packed for oneDNN: BERT by layers of its own, any other by its linear layers alone."""

from __future__ import annotations

import torch

from sunwi.errors import ModelError
from sunwi.models.bert import is_bert
from sunwi.models.exact_lengths import ExactLengths, one_by_one, without_mask
from sunwi.models.packed_bert import PackedBert
from sunwi.models.packed_linear import pack_linears
from sunwi.models.row_threads import map_rows


def pack(model: torch.nn.Module, spec: str) -> torch.nn.Module:
    """The bare encoder (in memory of the CPU) with packed weights, as fast for few rows as for many.

    So every row runs at its own length. BERT's rows are shared among threads; what another model's own code
    would do in several threads nobody knows.

    Raises
    ------
    ModelError
        If this build of torch has no oneDNN.
    """
    if not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        next_step = "set encoder.kernels to torch, or install a build of torch with oneDNN"
        raise ModelError(spec, "encoder.kernels is onednn, which this build of torch lacks", next_step)
    if is_bert(model):
        return ExactLengths(PackedBert(model), map_rows)
    return ExactLengths(without_mask(pack_linears(model)), one_by_one)
