"""The pipeline's tuned models in the forms that others serve; the stage `export` writes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sunwi.errors import DataError
from sunwi.models.export import sentence_transformer
from sunwi.models.export.parity import onnx_encoder, onnx_reranker
from sunwi.models.pair_scores import Pairs
from sunwi.models.resolver import resolve
from sunwi.params.encoder import EncoderParams
from sunwi.params.reading import Sections
from sunwi.params.train_reranker import TrainRerankerParams

TEXTS = 96  # passages that an export is compared and calibrated on


class ExportSections(Sections):
    """The sections that say how much of a text the exported models read."""

    encoder: EncoderParams = EncoderParams()
    train_reranker: TrainRerankerParams = TrainRerankerParams()


def spread(texts: Sequence[str]) -> list[str]:
    """`TEXTS` of the texts at most, evenly over the corpus."""
    return list(texts[:: max(1, len(texts) // TEXTS)][:TEXTS])


def pairs_of(texts: Sequence[str]) -> Pairs:
    """Pairs for a reranker: the start of each passage with itself and with the next one, in turn."""
    return [(text[:40], texts[(at + at % 2) % len(texts)]) for at, text in enumerate(texts)]


def export_tuned(
    kind: str,
    model: Path,
    texts: Sequence[str],
    params: ExportSections,
    out: Path,
) -> dict[str, Any]:
    """Write `out`/onnx and `out`/sentence-transformers of a tuned model, and return what they differ by.

    Parameters
    ----------
    kind
        embedder or reranker, as `exports` names it.
    model
        The folder that training wrote.

    Raises
    ------
    DataError
        If the stage before left no model in the folder.
    """
    folder = model if kind == "embedder" else model / "merged"
    if not (folder / "config.json").exists():
        raise DataError(
            f"{folder} holds no model", f"take {kind} out of `exports`, or switch its training on"
        )
    onnx, own = out / "onnx", out / "sentence-transformers"
    for place in (onnx, own):
        place.mkdir(parents=True, exist_ok=True)
    some = spread(texts)
    if kind == "embedder":
        info, limits = resolve(str(folder)), (params.encoder.max_length, params.encoder.query_max_length)
        sentence_transformer.write_dense(info, own)
        return onnx_encoder(info, onnx, some, limits).facts
    length = params.train_reranker.max_length
    sentence_transformer.write_cross_encoder(folder, own, length)
    return onnx_reranker(folder, onnx, pairs_of(some), length).facts
