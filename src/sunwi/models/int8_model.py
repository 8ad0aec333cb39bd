"""A model in int8: BERT by layers of its own, any other by its linear layers alone."""

from __future__ import annotations

import torch

from sunwi.errors import ModelError
from sunwi.models.bert import is_bert
from sunwi.models.int8_bert import Int8Bert
from sunwi.models.int8_linear import quantize_linears


def quantize(model: torch.nn.Module, spec: str) -> torch.nn.Module:
    """The bare encoder (float32, in memory of the CPU) with its matrix products in int8.

    Raises
    ------
    ModelError
        If this CPU or this build of torch lacks the dot product in int8, or the model is on a GPU.
    """
    here = all(weights.device.type == "cpu" for weights in model.parameters())
    if not (here and hasattr(torch.ops.onednn, "qlinear_pointwise") and torch.cpu._is_vnni_supported()):
        next_step = "set encoder.precision to auto, or to bfloat16 where the CPU has it"
        raise ModelError(spec, "encoder.precision is int8, which needs a CPU with AVX512-VNNI", next_step)
    return Int8Bert(model) if is_bert(model) else quantize_linears(model)
