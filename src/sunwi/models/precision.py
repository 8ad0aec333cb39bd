"""In which numbers a model runs here: part of every cache's key, for low bits differ between them."""

from __future__ import annotations

from typing import Literal

from sunwi.runtime import device_type, inference_dtype

Precision = Literal["auto", "float32", "bfloat16", "int8"]
Kernels = Literal["torch", "onednn"]
ARITHMETIC = "2"  # raise it when a change of ours moves low bits: old and new rows must not mix
INT8_ARITHMETIC = "1"  # the same of int8 alone
ONEDNN_ARITHMETIC = "1"  # and of packed weights


def settled(precision: Precision) -> str:
    """What `auto` stands for here: float32 on a CPU, bfloat16 or float16 on a GPU."""
    return inference_dtype(device_type()) if precision == "auto" else precision


def dtype_name(precision: Precision = "auto") -> str:
    """Name of torch's dtype of all that is not int8."""
    name = settled(precision)
    return "float32" if name == "int8" else name


def packs_weights(kernels: Kernels, precision: Precision = "auto") -> bool:
    """Whether oneDNN's packed weights are used: on a CPU alone, a GPU has kernels of its own, as has int8."""
    return kernels == "onednn" and precision != "int8" and device_type() == "cpu"


def precision_key(precision: Precision = "auto", kernels: Kernels = "torch") -> tuple[str, ...]:
    """What a model's low bits depend on beside weights and text."""
    packed = ("onednn", ONEDNN_ARITHMETIC) if packs_weights(kernels, precision) else ()
    own = (INT8_ARITHMETIC,) if precision == "int8" else ()
    return (ARITHMETIC, settled(precision), *packed, *own)
