"""M3's lexical and ColBERT heads (Chen et al. 2024, eqs. 3-5): one linear layer each beside the encoder."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sunwi.errors import ModelError
from sunwi.models.loading import read_tensors
from sunwi.models.spec import ModelInfo

if TYPE_CHECKING:
    import torch

STEMS = {"lexical": "sparse_linear", "colbert": "colbert_linear"}


def head_file(folder: Path, head: str) -> Path | None:
    """A folder's file of a head: NAME.safetensors before NAME.pt; None without one."""
    files = (folder / f"{STEMS[head]}{suffix}" for suffix in (".safetensors", ".pt"))
    return next((path for path in files if path.exists()), None)


def load_head(info: ModelInfo, head: str) -> dict[str, torch.Tensor]:
    """Weight [out, dimensions] and bias [out] of a head, float32.

    Read from NAME.safetensors where it is there, else from NAME.pt as tensors alone: a file that would
    run code when it is unpickled is refused.

    Raises
    ------
    ModelError
        If the model has no such head, or its file is no linear layer.
    """
    import pickle

    import torch

    stem, path = STEMS[head], head_file(info.folder, head)
    if path is None:
        next_step = "use a model of the BGE-M3 form, or do without this head"
        raise ModelError(info.spec, f"it has no {head} head ({stem}.pt)", next_step)
    if path.suffix == ".safetensors":
        state = read_tensors(path)
    else:
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError:
            fault = f"{path.name} contains more than tensors and was not loaded"
            raise ModelError(info.spec, fault, f"save its weights as {stem}.safetensors") from None
    if set(state) != {"weight", "bias"}:
        fault = f"{stem} has {', '.join(sorted(state))}; expected weight and bias"
        raise ModelError(info.spec, fault, "save the linear layer's state alone")
    return {name: tensor.float() for name, tensor in state.items()}


def _apply(hidden: torch.Tensor, head: dict[str, torch.Tensor]) -> torch.Tensor:
    import torch

    weight, bias = (head[name].to(hidden.device) for name in ("weight", "bias"))
    # Row by row: BLAS chooses its order of additions by the number of rows.
    return torch.stack([torch.nn.functional.linear(row, weight, bias) for row in hidden])


def colbert_vectors(
    hidden: torch.Tensor, mask: torch.Tensor, head: dict[str, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Token vectors [batch, tokens - 1, out] and their mask: the first token, [CLS], is left out."""
    import torch

    with torch.inference_mode():
        return _apply(hidden[:, 1:], head), mask[:, 1:]


def lexical_weights(
    ids: torch.Tensor,
    hidden: torch.Tensor,
    mask: torch.Tensor,
    head: dict[str, torch.Tensor],
    unused: Collection[int | None],
) -> list[dict[int, float]]:
    """Of each row, token id -> the largest relu(w . h + b) of its places.

    Zeros and `unused` ids are left out.
    """
    import torch

    with torch.inference_mode():
        weights = torch.relu(_apply(hidden, head)).squeeze(-1)  # [batch, tokens]
    rows: list[dict[int, float]] = []
    for row_ids, row, real_tokens in zip(ids.tolist(), weights.tolist(), mask.tolist(), strict=True):
        best: dict[int, float] = {}
        for token, weight, real in zip(row_ids, row, real_tokens, strict=True):
            if real and weight > best.get(token, 0.0) and token not in unused:
                best[token] = weight
        rows.append(best)
    return rows


def weights_to_bytes(weights: Mapping[int, float]) -> bytes:
    """Token ids, rising, as little-endian int32, then their weights as float32."""
    tokens = sorted(weights)
    return np.array(tokens, "<i4").tobytes() + np.array([weights[token] for token in tokens], "<f4").tobytes()


def weights_from_bytes(data: bytes) -> dict[int, float]:
    """The inverse of `weights_to_bytes`."""
    half = len(data) // 2
    tokens, weights = np.frombuffer(data[:half], "<i4"), np.frombuffer(data[half:], "<f4")
    return dict(zip(tokens.tolist(), weights.tolist(), strict=True))
