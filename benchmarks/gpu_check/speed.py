"""Texts a second of sunwi, sentence-transformers and FlagEmbedding, on the same weights and texts."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.embedder.training import SHAPES, write_model
from benchmarks.gpu_check.material import texts

TURNS = 3
Encode = Callable[[Sequence[str]], Any]


def speed(folder: Path) -> dict[str, dict[str, Any]]:
    """By library the median texts a second, or the package that is missing; in the shape of e5-small."""
    import torch

    from sunwi.models.builtin import write_pooling
    from sunwi.models.resolver import resolve

    write_model(folder / "model", SHAPES["e5-small"], m3=False)
    write_pooling(folder / "model", SHAPES["e5-small"]["hidden"], "cls", "", "", 512)
    gpu = torch.cuda.is_available()
    some = [f"w{at % 900} {text}" for at, text in enumerate(texts(4096 if gpu else 64))]
    calls: dict[str, Encode] = {}
    found: dict[str, dict[str, Any]] = {}
    for name, load in LIBRARIES.items():
        try:
            calls[name] = load(str(folder / "model"), resolve)
        except ImportError as error:
            found[name] = {"missing": error.name or str(error)}
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(TURNS + 1):  # libraries alternate; the first turn warms up
        for name, call in calls.items():
            start = time.perf_counter()
            call(some)
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return found | {
        name: {"per_second": round(len(some) / statistics.median(times), 1)}
        for name, times in seconds.items()
    }


def _sunwi(folder: str, resolve: Callable[[str], Any]) -> Encode:
    from sunwi.models.encoder import Encoder

    encoder = Encoder(resolve(folder))
    return lambda some: encoder.exact(some, "passage", 256)


def _sentence_transformers(folder: str, _: Any) -> Encode:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(folder, trust_remote_code=False)
    return lambda some: model.encode(list(some), batch_size=32)


def _flag_embedding(folder: str, _: Any) -> Encode:
    import torch
    from FlagEmbedding import FlagModel

    model = FlagModel(folder, use_fp16=torch.cuda.is_available(), devices=None)
    return lambda some: model.encode(list(some), batch_size=32, max_length=256)


LIBRARIES: dict[str, Callable[[str, Callable[[str], Any]], Encode]] = {
    "sunwi": _sunwi,
    "sentence-transformers": _sentence_transformers,
    "FlagEmbedding": _flag_embedding,
}
