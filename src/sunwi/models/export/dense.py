"""A bi-encoder as ONNX: tokens in, one L2-normalised vector a text out, by its own pooling and layers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sunwi.errors import ModelError
from sunwi.models.export.graph import FLOAT_FILE, SETTINGS_FILE, Session, write_graph
from sunwi.models.export.tokens import Tokens, write_tokenizer
from sunwi.models.loading import load_tokenizer
from sunwi.models.projection import layers_of
from sunwi.models.spec import ModelInfo, Side
from sunwi.records.files import read_json, write_json

if TYPE_CHECKING:
    import torch

INPUTS = ("input_ids", "attention_mask")
EXAMPLE = ["순위를 매긴다 순위를 매긴다", "검색"]  # two lengths: both sizes of the graph are dynamic


def export_dense(info: ModelInfo, folder: Path, max_length: int, query_max_length: int) -> None:
    """Write `model.onnx` (`INPUTS` to `sentence_embedding` [batch, dimensions]), tokeniser and settings.

    Raises
    ------
    ModelError
        If the model's pooling has no form in a graph.
    DataError
        If onnx is not installed, or the model cannot be traced.
    """
    import torch

    from sunwi.models.encoder_weights import load_encoder

    if info.pooling not in {"cls", "mean", "lasttoken"}:
        next_step = "use a model of one of cls, mean, lasttoken"
        raise ModelError(info.spec, f"pooling {info.pooling!r} is not exported to ONNX", next_step)
    tokenizer = load_tokenizer(info.folder)
    if tokenizer.pad_token is None:  # a decoder's
        tokenizer.pad_token = tokenizer.eos_token
    padded = tokenizer(EXAMPLE, padding=True, return_tensors="pt")
    model = _module(load_encoder(info.folder, torch.float32), info)
    write_graph(model, {name: padded[name] for name in INPUTS}, "sentence_embedding", folder / FLOAT_FILE)
    write_tokenizer(tokenizer, folder)
    settings = {
        "kind": "dense",
        "inputs": list(INPUTS),
        "pad_id": int(tokenizer.pad_token_id),
        "max_length": max_length,
        "query_max_length": query_max_length,
        "query_prefix": info.query_prefix,
        "passage_prefix": info.passage_prefix,
    }
    write_json(folder / SETTINGS_FILE, settings)


def _module(encoder: torch.nn.Module, info: ModelInfo) -> torch.nn.Module:
    """Encoder, pooling, dense layers and normalisation in one module."""
    import torch

    layers = layers_of(info)

    class TextVectors(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder
            for at, (weight, bias, _) in enumerate(layers):
                self.register_buffer(f"weight{at}", weight)
                self.register_buffer(f"bias{at}", bias)

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            output = self.encoder(input_ids=input_ids, attention_mask=attention_mask)
            vectors = _pooled(output.last_hidden_state, attention_mask, info.pooling)
            for at, (_, _, activation) in enumerate(layers):
                weight, bias = getattr(self, f"weight{at}"), getattr(self, f"bias{at}")
                vectors = torch.nn.functional.linear(vectors, weight, bias)
                vectors = getattr(torch.nn, activation)()(vectors)
            return torch.nn.functional.normalize(vectors, dim=-1)

    return TextVectors()


def _pooled(hidden: torch.Tensor, mask: torch.Tensor, pooling: str) -> torch.Tensor:
    """As `sunwi.models.poolings`, in operations whose sizes stay dynamic in a graph."""
    if pooling == "cls":
        return hidden[:, 0]
    if pooling == "lasttoken":
        last = (mask.sum(dim=1) - 1)[:, None, None].expand(-1, 1, hidden.shape[-1])
        return hidden.gather(1, last)[:, 0]
    weights = mask[:, :, None].to(hidden.dtype)
    return (hidden * weights).sum(dim=1) / weights.sum(dim=1)


class OnnxEncoder:
    """Vectors by onnxruntime from the files of an export alone: neither torch nor transformers."""

    def __init__(
        self, folder: Path, file: str = FLOAT_FILE, batch_size: int = 16, threads: int | None = None
    ) -> None:
        self._settings: dict[str, Any] = read_json(folder / SETTINGS_FILE)
        self._session = Session(folder / file, threads)
        self._tokens = Tokens(folder, self._settings["pad_id"])
        self._batch_size = batch_size

    def encode(self, texts: Sequence[str], side: Side) -> npt.NDArray[np.float32]:
        """L2-normalised vectors, shape [texts, dimensions]."""
        prefix = self._settings[f"{side}_prefix"]
        limit = self._settings["query_max_length" if side == "query" else "max_length"]
        vectors: npt.NDArray[np.float32] | None = None
        for rows, feed in self._tokens.batches(
            [prefix + text for text in texts], limit, self._batch_size, self._settings["inputs"]
        ):
            found = self._session.run(feed)
            if vectors is None:
                vectors = np.empty((len(texts), found.shape[1]), dtype=np.float32)
            vectors[rows] = found
        return vectors if vectors is not None else np.empty((0, 0), dtype=np.float32)
