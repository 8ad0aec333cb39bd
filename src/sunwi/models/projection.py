"""Dense layers between pooling and normalisation, as sentence-transformers' `Dense` modules declare them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sunwi.errors import ModelError
from sunwi.models.loading import read_settings, read_tensors
from sunwi.models.pooling import pool
from sunwi.models.spec import ModelInfo

if TYPE_CHECKING:
    import torch

Layer = tuple["torch.Tensor", "torch.Tensor | None", str]  # weight [out, in], bias [out] or none, activation

WEIGHTS = "model.safetensors"
ACTIVATIONS = ("Identity", "Tanh", "ReLU", "GELU", "SiLU")
_SENTENCE = "sentence_embedding"


def dense_folders(spec: str, folder: Path, modules: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Folders of a model's dense layers in their order, from the rows of its modules.json.

    Raises
    ------
    ModelError
        If a layer is not between pooling and normalisation, has no safetensors file, or is of a kind that
        this package does not compute.
    """
    kinds = [str(row["type"]).rsplit(".", 1)[-1] for row in modules]
    folders = [str(row.get("path", "")) for row, kind in zip(modules, kinds, strict=True) if kind == "Dense"]
    if not folders:
        return ()
    if [kind for kind in kinds if kind not in {"Dense", "Normalize"}] != ["Transformer", "Pooling"] or (
        kinds[2 : 2 + len(folders)] != ["Dense"] * len(folders)
    ):
        order = "Transformer, Pooling, Dense ..., Normalize"
        found = f"modules.json has the order {', '.join(kinds)}; expected {order}"
        raise ModelError(spec, found, "use a model of this order")
    for name in folders:
        settings = read_settings(folder / name / "config.json", {})
        activation = _activation(settings)
        reads = settings.get("module_input_name") or _SENTENCE
        writes = settings.get("module_output_name") or reads
        if settings.get("use_residual") or activation not in ACTIVATIONS or {reads, writes} != {_SENTENCE}:
            found = f"its layer {name} is no plain linear layer of the text's vector ({activation})"
            raise ModelError(spec, found, f"use a model whose Dense activations are {', '.join(ACTIVATIONS)}")
        if not name or not (folder / name / WEIGHTS).exists() or "out_features" not in settings:
            found = f"its Dense layer {name!r} lacks {WEIGHTS} or config.json"
            raise ModelError(spec, found, "copy the whole model folder again")
    return tuple(folders)


def output_size(info: ModelInfo, hidden: int) -> int:
    """Length of the model's vectors; `hidden` is that of its tokens' vectors."""
    if not info.layers:
        return hidden
    return int(read_settings(info.folder / info.layers[-1] / "config.json", {})["out_features"])


def layers_of(info: ModelInfo) -> list[Layer]:
    """The dense layers' weights, float32, on the CPU."""
    return [_layer(info.folder / name, info.content_hash) for name in info.layers]


def apply_layers(vectors: torch.Tensor, layers: Sequence[Layer]) -> torch.Tensor:
    """Vectors [texts, hidden] through the layers, [texts, out], on the vectors' device."""
    import torch

    for weight, bias, activation in layers:
        parts = [None if part is None else part.to(vectors) for part in (weight, bias)]
        # Row by row: BLAS chooses its order of additions by the number of rows.
        rows = [torch.nn.functional.linear(row, parts[0], parts[1]) for row in vectors]  # type: ignore[arg-type]  # parts[0] is the weight
        vectors = getattr(torch.nn, activation)()(torch.stack(rows))
    return vectors


def text_vectors(hidden: torch.Tensor, mask: torch.Tensor, info: ModelInfo) -> torch.Tensor:
    """L2-normalised vectors [batch, dimensions] from token vectors [batch, tokens, hidden] and their mask."""
    import torch

    pooled = apply_layers(pool(hidden, mask, info.pooling), layers_of(info))
    return torch.nn.functional.normalize(pooled, dim=-1)


@lru_cache(maxsize=16)
def _layer(folder: Path, content_hash: str) -> Layer:  # noqa: ARG001  the hash makes a changed file another key
    tensors = read_tensors(folder / WEIGHTS)
    settings = read_settings(folder / "config.json", {})
    return tensors["linear.weight"].float(), tensors.get("linear.bias"), _activation(settings)


def _activation(settings: Mapping[str, Any]) -> str:
    # sentence-transformers' default, where the file says nothing, is Tanh.
    return str(settings.get("activation_function", "Tanh")).rsplit(".", 1)[-1]
