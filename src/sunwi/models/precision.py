"""In which numbers a model runs here: part of every cache's key, for low bits differ between them."""

from __future__ import annotations

from typing import Literal

from sunwi.errors import ModelError
from sunwi.runtime import device_type, inference_dtype

# device: float32 on a CPU, a GPU's half precision there; auto: that of `auto_precision` for search vectors.
Precision = Literal["auto", "device", "float32", "bfloat16", "int8"]
ARITHMETIC = "3"  # raise it when a change of ours moves low bits: old and new rows must not mix
INT8_ARITHMETIC = "1"  # the same of int8 alone


def settled(precision: Precision) -> str:
    """The same with the device's usual precision by name: float32 on a CPU, bfloat16 or float16 on a GPU."""
    return inference_dtype(device_type()) if precision in {"auto", "device"} else precision


def dtype_name(precision: Precision = "device") -> str:
    """Name of torch's dtype of all that is not int8."""
    name = settled(precision)
    return "float32" if name == "int8" else name


def precision_key(precision: Precision = "device") -> tuple[str, ...]:
    """What a model's low bits depend on beside weights and text."""
    own = (INT8_ARITHMETIC,) if precision == "int8" else ()
    return (ARITHMETIC, settled(precision), *own)


def require_precision(precision: Precision, spec: str) -> None:
    """Refuse, before any work, what this machine cannot run.

    Raises
    ------
    ModelError
        With the reason and the setting to change.
    """
    if precision not in {"bfloat16", "int8"}:
        return  # torch, which takes seconds to load, is not asked
    if device_type() == "cuda":
        if precision == "int8":
            next_step = "set encoder.precision to auto"
            raise ModelError(spec, "encoder.precision is int8, which runs on a CPU alone", next_step)
        return
    from sunwi.models.cpu.support import cpu_support

    if refusal := cpu_support().refusal(precision):
        raise ModelError(spec, *refusal)
