"""Export of a trained sparse encoder: every form is written, run again and compared with the original."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sunwi.errors import DataError
from sunwi.models.sparse.encoder import SparseEncoder, pad
from sunwi.models.sparse.export.bundle import FOLDER, write_bundle
from sunwi.models.sparse.export.int8 import quantise_int8
from sunwi.models.sparse.export.onnx import (
    FLOAT_FILE,
    INT8_FILE,
    OnnxSparseEncoder,
    export_onnx,
    write_tokens,
)
from sunwi.models.sparse.export.reference import TEXTS, Agreement, write_reference
from sunwi.models.sparse.export.sentence_transformer import (
    has_mlm_form,
    passage_weights,
    write_sentence_transformer,
)
from sunwi.models.sparse.export.server_tokens import naming_tokenizer, server_names
from sunwi.models.sparse.export.torchscript import trace_server_model
from sunwi.models.sparse.vectors import SparseVectors
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.passages import Passages
from sunwi.search.retrievers.splade import SpladeRetriever
from sunwi.train.sparse.evaluation import measure
from sunwi.train.sparse.settings import ExportSections

PARITY = 1e-4  # largest difference of a weight
SAMPLE = 16  # passages that are compared weight by weight
CALIBRATED = 64  # passages on which the biases of int8 are corrected


def export_sparse(
    encoder: SparseEncoder,
    pool: Passages,
    labels: Sequence[LabelledQuestion],
    params: ExportSections,
    name: str,
    out: Path,
) -> dict[str, Any]:
    """Write ONNX, int8 ONNX, the OpenSearch bundle and, of an MLM base, sentence-transformers' form to `out`.

    The result says what each differs by. int8 ONNX below the floor of `reference.py` is not written, and
    the result says why.

    Parameters
    ----------
    pool, labels
        Passages and questions on which the loss of int8 is measured.
    name
        Of the models on the server.

    Raises
    ------
    DataError
        If an export gives other weights than the encoder.
    """
    texts = pool.texts[:: max(1, len(pool) // SAMPLE)][:SAMPLE]
    limit = params.sparse.passage_max_length
    encoded = encoder.tokenizer(texts, truncation=True, max_length=limit)["input_ids"]
    ids = pad(encoded, encoder.tokenizer)
    own = _weights(encoder, ids)

    onnx = out / "onnx"
    vectors = encoder.encode_passages(pool.texts, limit)
    export_onnx(encoder, onnx / FLOAT_FILE)
    write_tokens(encoder, onnx, limit)
    chosen, calibration = _chosen(len(pool))
    write_reference(onnx, [pool.texts[position] for position in chosen], _rows(vectors, chosen))
    whole = OnnxSparseEncoder(onnx, FLOAT_FILE)
    quantised, of_int8 = _int8(
        encoder, [pool.texts[position] for position in calibration], pool, vectors, limit, onnx
    )

    names = server_names(naming_tokenizer(encoder.tokenizer), encoder.token_ids)
    traced_file = out / FOLDER / "encoder.pt"
    traced = trace_server_model(encoder, traced_file)
    write_bundle(encoder, names, traced_file, out / FOLDER, name, limit, params.sparse.query_max_length)
    traced_file.unlink()  # encoder.zip has it

    plain = _sentence_transformers(encoder, texts, own, params, out / "sentence_transformers")
    scored = {"float32": vectors, "int8": quantised}
    return {
        "exported": True,
        "onnx": {
            "largest_difference": _parity("ONNX", whole.weights(ids.numpy()), own),
            "bytes": (onnx / FLOAT_FILE).stat().st_size,
        },
        "torchscript": {
            "largest_difference": _parity("TorchScript", _served(traced, ids, encoder), _cut(own, encoder)),
            "bytes": (out / FOLDER / "encoder.zip").stat().st_size,
        },
        "sentence_transformers": plain,
        "onnx_int8": of_int8,
        "dev": {"questions": len(labels), "passages": len(pool)}
        | {
            f"ndcg10_{form}": _ndcg(encoder, of_form, labels, pool, params)
            for form, of_form in scored.items()
        },
    }


def _chosen(count: int) -> tuple[list[int], list[int]]:
    """Positions of the reference's texts, and of others for calibration; the same ones where all are few."""
    reference = list(range(0, count, max(1, count // TEXTS)))[:TEXTS]
    others = sorted(set(range(count)) - set(reference)) or reference
    return reference, others[:: max(1, len(others) // CALIBRATED)][:CALIBRATED]


def _rows(vectors: SparseVectors, chosen: Sequence[int]) -> SparseVectors:
    return SparseVectors.of(vectors.matrix()[list(chosen)].toarray())


def _int8(
    encoder: SparseEncoder,
    calibration: Sequence[str],
    pool: Passages,
    vectors: SparseVectors,
    limit: int,
    folder: Path,
) -> tuple[SparseVectors, dict[str, Any]]:
    """The pool's vectors in int8 and what they differ by; below the floor no file is left."""
    path = folder / INT8_FILE
    path.unlink(missing_ok=True)
    trial = folder / f"{INT8_FILE}.part"
    try:
        rows = encoder.tokenizer(list(calibration), truncation=True, max_length=limit)["input_ids"]
        quantise_int8(folder / FLOAT_FILE, trial, rows)
        quantised = OnnxSparseEncoder(folder, trial.name).encode_passages(pool.texts)
        agreement = Agreement.of(quantised, vectors)
        cosines = {
            "cosine_mean": round(agreement.mean, 6),
            "cosine_least": round(agreement.least, 6),
        }
        if agreement.fault:
            return quantised, {"written": False, "reason": agreement.fault, **cosines}
        trial.replace(path)
    finally:
        trial.unlink(missing_ok=True)
    return quantised, {"written": True, **cosines, "bytes": path.stat().st_size}


def _sentence_transformers(
    encoder: SparseEncoder, texts: Sequence[str], own: Any, params: ExportSections, folder: Path
) -> dict[str, Any]:
    if not has_mlm_form(encoder):
        return {"written": False, "reason": "the base has no MLM head: its own tokens are added beside it"}
    limits = params.sparse
    write_sentence_transformer(encoder, folder, limits.passage_max_length, limits.query_max_length)
    exported = passage_weights(folder, texts)[:, encoder.token_ids]
    expected = SparseVectors.of(own, encoder.max_terms).matrix().toarray()
    return {"written": True, "largest_difference": _parity("sentence-transformers", exported, expected)}


def _weights(encoder: SparseEncoder, ids: Any) -> Any:
    import torch

    with torch.inference_mode():
        return encoder.model.cpu().eval()(ids, (ids != encoder.tokenizer.pad_token_id).long()).numpy()


def _served(traced: Any, ids: Any, encoder: SparseEncoder) -> Any:
    """What the traced graph gives the vocabulary's entries, [texts, vocabulary]."""
    import torch

    mask = (ids != encoder.tokenizer.pad_token_id).long()
    with torch.inference_mode():
        return traced({"input_ids": ids, "attention_mask": mask})["output"][:, encoder.token_ids].numpy()


def _cut(weights: Any, encoder: SparseEncoder) -> Any:
    """The graph's cut, recomputed."""
    return SparseVectors.of(weights, encoder.max_terms).matrix().toarray()


def _parity(form: str, exported: Any, expected: Any) -> float:
    largest = float(np.abs(exported - expected).max())
    if not largest <= PARITY:
        what = f"{form} gives other weights than the encoder: by {largest:.2g}, expected {PARITY} at most"
        raise DataError(what, "report this with the versions of torch, onnx and onnxruntime (pip list)")
    return float(f"{largest:.1e}")


def _ndcg(
    encoder: SparseEncoder,
    passages: SparseVectors,
    labels: Sequence[LabelledQuestion],
    pool: Passages,
    params: ExportSections,
) -> float | None:
    if not labels:
        return None
    retriever = SpladeRetriever(encoder, passages, params.sparse.query_max_length)
    queries = encoder.encode_queries([label.text for label in labels], params.sparse.query_max_length)
    return round(float(measure(retriever.score_vectors(queries), labels, pool)["ndcg10"].mean()), 6)
