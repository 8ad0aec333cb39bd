"""In which numbers a model runs here: part of every cache's key, for low bits differ between them."""

from __future__ import annotations

from typing import Literal

from sunwi.runtime import device_type, inference_dtype

Precision = Literal["auto", "float32", "bfloat16"]
Kernels = Literal["torch", "onednn"]


def dtype_name(precision: Precision = "auto") -> str:
    """Name of torch's dtype; `auto`: float32 on a CPU, bfloat16 or float16 on a GPU."""
    return inference_dtype(device_type()) if precision == "auto" else precision


def packs_weights(kernels: Kernels) -> bool:
    """Whether oneDNN's packed weights are used: on a CPU alone, a GPU has kernels of its own."""
    return kernels == "onednn" and device_type() == "cpu"


def precision_key(precision: Precision = "auto", kernels: Kernels = "torch") -> tuple[str, ...]:
    """What differs from float32 by torch's own kernels on a CPU; nothing for those."""
    dtype = dtype_name(precision)
    packed = ("onednn",) if packs_weights(kernels) else ()
    return ((dtype,) if dtype != "float32" else ()) + packed
