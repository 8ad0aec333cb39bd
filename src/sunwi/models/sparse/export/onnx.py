"""ONNX of a sparse encoder, in float32 and in int8, and a runner for both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sunwi.errors import DataError
from sunwi.models.batches import length_batches
from sunwi.models.sparse.encoder import SparseEncoder, pad, stack
from sunwi.models.sparse.vectors import SparseVectors, Weights

if TYPE_CHECKING:
    import torch

INPUTS = ("input_ids", "attention_mask")
NEXT_STEP = "pip install 'sunwi[sparse]'"


def export_onnx(encoder: SparseEncoder, path: Path) -> None:
    """Write a graph of `INPUTS` [batch, tokens], both dynamic, to `output` [batch, vocabulary].

    Raises
    ------
    DataError
        If onnx is not installed.
    """
    try:
        import onnx
        import onnxscript  # noqa: F401  torch's exporter needs it, and says so less plainly
    except ImportError as error:
        raise DataError(f"ONNX export needs {error.name}", NEXT_STEP) from error
    import torch
    from torch.export import Dim

    model = encoder.model.cpu().eval()
    size = {0: Dim("batch"), 1: Dim("tokens")}
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        model,
        example_ids(encoder),
        path,
        input_names=list(INPUTS),
        output_names=["output"],
        dynamic_shapes=(size, size),
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    graph = onnx.load(path)
    for node in graph.graph.node:  # the exporter notes lines and paths of its sources
        node.doc_string = ""
        node.ClearField("metadata_props")
    onnx.save(graph, path)


def example_ids(encoder: SparseEncoder) -> tuple[torch.Tensor, torch.Tensor]:
    """Two texts of two lengths."""
    ids = pad(encoder.tokenizer(["순위를 매긴다 순위를 매긴다", "검색"])["input_ids"], encoder.tokenizer)
    return ids, (ids != encoder.tokenizer.pad_token_id).long()


def quantise_int8(path: Path, out: Path) -> None:
    """Weights of every matrix product as int8, one scale a column; activations are scaled as they come."""
    try:
        from onnxruntime.quantization import QuantType, quantize_dynamic
    except ImportError as error:
        raise DataError(f"int8 export needs {error.name}", NEXT_STEP) from error
    quantize_dynamic(path, out, per_channel=True, weight_type=QuantType.QInt8)


class OnnxSparseEncoder:
    """Sparse vectors by onnxruntime, with the encoder's tokeniser."""

    def __init__(self, path: Path, encoder: SparseEncoder) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise DataError(f"running ONNX needs {error.name}", NEXT_STEP) from error
        self._session: Any = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        self._encoder = encoder

    def weights(self, ids: torch.Tensor) -> Weights:
        """Weights [batch, vocabulary] of padded ids [batch, tokens]."""
        mask = (ids != self._encoder.tokenizer.pad_token_id).long()
        found: Weights = self._session.run(None, dict(zip(INPUTS, (ids.numpy(), mask.numpy()), strict=True)))[
            0
        ]
        return found

    def encode_passages(self, texts: Sequence[str], max_length: int) -> SparseVectors:
        """Vectors of passages, cut as the encoder cuts them."""
        tokenizer, columns = self._encoder.tokenizer, len(self._encoder.token_ids)
        encoded = tokenizer(list(texts), truncation=True, max_length=max_length)["input_ids"]
        rows: list[SparseVectors] = [SparseVectors.of(np.zeros((1, columns), dtype=np.float32))] * len(texts)
        batches = length_batches([len(row) for row in encoded], self._encoder.batch_size, max_length)
        for chosen, size in batches:
            found = self.weights(pad([encoded[at] for at in chosen], tokenizer, size))
            for at, of_text in zip(chosen, found, strict=True):
                rows[at] = SparseVectors.of(of_text[None], self._encoder.max_terms)
        return stack(rows, columns)
