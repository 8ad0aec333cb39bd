"""ONNX of a sparse encoder, and its use from the exported files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError, ModelError
from sunwi.models.batches import length_batches
from sunwi.models.sparse.encoder import SparseEncoder, pad, stack
from sunwi.models.sparse.export.bundle import truncated_tokenizer
from sunwi.models.sparse.export.int8 import HEAD, NEXT_STEP
from sunwi.models.sparse.export.reference import REFERENCE_FILE, Agreement, read_reference
from sunwi.models.sparse.vectors import SparseVectors, Weights
from sunwi.records.files import read_json, write_json
from sunwi.runtime import atomic_write

if TYPE_CHECKING:
    import torch

INPUTS = ("input_ids", "attention_mask")
FLOAT_FILE, INT8_FILE = "model.onnx", "model.int8.onnx"
TOKENIZER_FILE, VOCABULARY_FILE = "tokenizer.json", "vocabulary.json"


def export_onnx(encoder: SparseEncoder, path: Path) -> None:
    """Write a graph of `INPUTS` [batch, tokens], both dynamic, to `output` [batch, vocabulary].

    Names of the head's nodes start with `HEAD`.

    Raises
    ------
    DataError
        If onnx is not installed.
    """
    try:
        import onnx
        import onnxscript  # noqa: F401  torch's exporter needs it, and its own message is less clear
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
        scope = next((entry.value for entry in node.metadata_props if entry.key == "namespace"), "")
        if "/head: " in scope:
            node.name = f"{HEAD}{node.name}"
        node.doc_string = ""
        node.ClearField("metadata_props")
    onnx.save(graph, path)


def example_ids(encoder: SparseEncoder) -> tuple[torch.Tensor, torch.Tensor]:
    """Two texts of two lengths."""
    ids = pad(encoder.tokenizer(["순위를 매긴다 순위를 매긴다", "검색"])["input_ids"], encoder.tokenizer)
    return ids, (ids != encoder.tokenizer.pad_token_id).long()


class OnnxSparseEncoder:
    """Passage vectors by onnxruntime from the files of an export alone: neither torch nor the encoder.

    Parameters
    ----------
    folder
        Where `model.onnx` and its tokeniser and vocabulary are.
    file
        The graph in `folder`.
    batch_size
        Texts that go through the graph at once, all padded to one length.
    threads
        Of a matrix product; 0: one a core.

    Raises
    ------
    DataError
        If onnxruntime is not installed.
    """

    def __init__(self, folder: Path, file: str = FLOAT_FILE, batch_size: int = 16, threads: int = 0) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise DataError(f"running ONNX needs {error.name}", NEXT_STEP) from error
        from tokenizers import Tokenizer

        vocabulary = read_json(folder / VOCABULARY_FILE)
        self.columns = len(vocabulary["terms"])
        self._max_terms: int = vocabulary["max_terms"]
        self._pad_id: int = vocabulary["pad_id"]
        self._tokenizer: Any = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        self._session: Any = onnxruntime.InferenceSession(
            folder / file, settings, providers=["CPUExecutionProvider"]
        )
        self._batch_size = batch_size

    def weights(self, ids: npt.NDArray[np.int64]) -> Weights:
        """Weights [batch, vocabulary] of padded ids [batch, tokens]."""
        mask = (ids != self._pad_id).astype(np.int64)
        weights: Weights = self._session.run(None, dict(zip(INPUTS, (ids, mask), strict=True)))[0]
        return weights

    def encode_passages(self, texts: Sequence[str]) -> SparseVectors:
        """Vectors of passages, cut in tokens and in terms as the encoder cuts them."""
        encoded = [row.ids for row in self._tokenizer.encode_batch(list(texts))]
        rows: list[SparseVectors] = [SparseVectors.of(np.zeros((1, self.columns), dtype=np.float32))] * len(
            texts
        )
        limit = max((len(row) for row in encoded), default=0)
        for chosen, size in length_batches([len(row) for row in encoded], self._batch_size, limit):
            ids = np.full((len(chosen), size), self._pad_id, dtype=np.int64)
            for place, row in enumerate(chosen):
                ids[place, : len(encoded[row])] = encoded[row]
            for row, of_text in zip(chosen, self.weights(ids), strict=True):
                rows[row] = SparseVectors.of(of_text[None], self._max_terms)
        return stack(rows, self.columns)


def load_onnx(
    folder: Path, file: str = INT8_FILE, batch_size: int = 16, threads: int = 0
) -> OnnxSparseEncoder:
    """An exported encoder that gives, on this CPU, the vectors of `reference.jsonl`.

    Raises
    ------
    ModelError
        If the file is not there, or its vectors of the reference's texts are below the floor.
    DataError
        If onnxruntime is not installed, or the reference does not fit the vocabulary.
    InputProblems
        If the reference is missing or malformed.
    """
    path = folder / file
    other = f"use {FLOAT_FILE} of the same folder" if file != FLOAT_FILE else "run dvc repro export_sparse"
    if not path.exists():
        why = "; metrics/sparse_export.json says why it was not written" if file == INT8_FILE else ""
        raise ModelError(str(path), f"the file does not exist{why}", other)
    encoder = OnnxSparseEncoder(folder, file, batch_size, threads)
    texts, expected = read_reference(folder, encoder.columns)
    if fault := Agreement.of(encoder.encode_passages(texts), expected).fault:
        what = f"on this processor, for the {len(texts)} texts of {REFERENCE_FILE}, {fault}"
        raise ModelError(str(path), what, other)
    return encoder


def write_tokens(encoder: SparseEncoder, folder: Path, max_length: int) -> None:
    """Write the tokeniser, which cuts at `max_length`, and the vocabulary to `folder`."""
    with atomic_write(folder / TOKENIZER_FILE, "wb") as file:
        file.write(truncated_tokenizer(encoder.tokenizer, max_length))
    vocabulary = {
        "terms": encoder.terms,
        "max_terms": encoder.max_terms,
        "pad_id": int(encoder.tokenizer.pad_token_id),
    }
    write_json(folder / VOCABULARY_FILE, vocabulary)
