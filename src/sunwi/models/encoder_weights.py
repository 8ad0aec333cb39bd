"""A bi-encoder's weights: as the folder holds them, and made ready to encode on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sunwi.errors import ModelError
from sunwi.models.loading import config_value, load_weights
from sunwi.models.precision import Precision, dtype_name
from sunwi.models.spec import ModelInfo
from sunwi.runtime import pick_device

if TYPE_CHECKING:
    import torch

WITH_POOLER = frozenset({"bert", "roberta", "xlm-roberta"})


def load_encoder(folder: Path, dtype: torch.dtype) -> torch.nn.Module:
    """The bare encoder, without BERT's pooler: no vector here uses it, and many files do not hold it."""
    from transformers import AutoModel

    extra = {"add_pooling_layer": False} if config_value(folder, "model_type") in WITH_POOLER else {}
    model: torch.nn.Module = load_weights(AutoModel, folder, fresh=["pooler."], dtype=dtype, **extra)
    return model


def ready_encoder(info: ModelInfo, precision: Precision) -> tuple[torch.nn.Module, torch.device]:
    """The encoder in that precision on this machine's device, and the device.

    Raises
    ------
    ModelError
        If the model gives no numbers in that precision.
    """
    import torch

    device = pick_device()
    dtype = getattr(torch, dtype_name(precision))
    kind = config_value(info.folder, "model_type")
    if dtype == torch.float16 and kind.startswith("gemma3"):  # its card: float16 overflows to NaN
        found = f"{kind} gives no numbers in float16, which this GPU would use"
        raise ModelError(info.spec, found, "set encoder.precision to float32")
    model = _without_library(info.folder, dtype, precision) if device.type == "cpu" else None
    if model is None:
        model = load_encoder(info.folder, dtype).to(device).eval()
    if precision == "int8":
        from sunwi.models.cpu.int8_model import quantize

        model = quantize(model)
    elif device.type == "cpu":
        from sunwi.models.cpu.packed_model import independent_encoder

        model = independent_encoder(model)
    return model, device


def _without_library(folder: Path, dtype: torch.dtype, precision: Precision) -> torch.nn.Module | None:
    """The weights alone, where the layers are computed here; None where transformers' model is needed."""
    from sunwi.models.bert_file import read_bert
    from sunwi.models.cpu.support import packs

    return read_bert(folder, dtype) if precision == "int8" or packs(dtype) else None
