"""In which precision a model runs here: part of every cache's key, for a GPU's low bits are not a CPU's."""

from __future__ import annotations

from sunwi.runtime import inference_dtype, pick_device


def precision_key() -> tuple[str, ...]:
    """The dtype's name on a GPU; nothing for float32 on a CPU, so that keys of such caches stay."""
    dtype = inference_dtype(pick_device().type)
    return () if dtype == "float32" else (dtype,)
