"""A model in int8: BERT by layers of its own, any other by its linear layers alone, row by row."""

from __future__ import annotations

import torch

from sunwi.models.cpu.bert import is_bert
from sunwi.models.cpu.int8_bert import Int8Bert
from sunwi.models.cpu.int8_linear import quantize_linears
from sunwi.models.cpu.packed_model import OneByOne


def quantize(model: torch.nn.Module) -> torch.nn.Module:
    """The bare encoder (float32, in memory of the CPU) with its matrix products in int8.

    `cpu_support` says whether this CPU computes them right.
    """
    return Int8Bert(model) if is_bert(model) else OneByOne(quantize_linears(model))
