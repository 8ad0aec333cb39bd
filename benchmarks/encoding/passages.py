"""Passages a second on a CPU: this package's encoder, sentence-transformers, FlagEmbedding; same weights.

The sample is whole batches of the corpus as sentence-transformers would sort it (by length), so that its
padding is that of the corpus and not of a small sample.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.shared.material import Material
from benchmarks.shared.turns import Comparison, Side, take_turns
from sunwi.models.encoder import Encoder
from sunwi.models.precision import Precision
from sunwi.models.resolver import resolve

BATCH = 32
MAX_LENGTH = 256
OURS: dict[str, Precision] = {f"sunwi, {name}": name for name in ("float32", "bfloat16", "int8")}


def sample(passages: list[str], prefix: str, batches: int) -> list[str]:
    texts = sorted(passages, key=lambda text: -len(prefix + text))
    starts = np.linspace(0, max(0, len(texts) - BATCH), batches).astype(int)
    return [text for start in starts for text in texts[start : start + BATCH]]


def compare(material: Material, turns: int, quick: bool) -> Comparison:
    import torch
    from FlagEmbedding import FlagModel
    from sentence_transformers import SentenceTransformer

    info = resolve("builtin/multilingual-e5-small")
    texts = sample(material.passages, info.passage_prefix, 2 if quick else 5)
    prompted = [info.passage_prefix + text for text in texts]
    vectors: dict[str, np.ndarray] = {}

    def library(name: str, dtype: torch.dtype) -> Callable[[], None]:
        model = SentenceTransformer(
            str(info.folder), device="cpu", model_kwargs={"dtype": dtype}, trust_remote_code=False
        )
        model.max_seq_length = MAX_LENGTH

        def run() -> None:
            found = model.encode(prompted, prompt="", batch_size=BATCH, normalize_embeddings=True)
            vectors[name] = np.asarray(found, dtype=np.float32)

        return run

    def flag(name: str) -> Callable[[], None]:
        model = FlagModel(
            str(info.folder), trust_remote_code=False, pooling_method="mean", use_fp16=False, devices="cpu",
            batch_size=BATCH, passage_max_length=MAX_LENGTH, query_max_length=MAX_LENGTH,
        )  # fmt: skip

        def run() -> None:
            vectors[name] = np.asarray(model.encode_corpus(prompted), dtype=np.float32)

        return run

    def own(name: str, precision: Precision) -> Callable[[], None]:
        encoder = Encoder(info, BATCH, precision)

        def run() -> None:
            with tempfile.TemporaryDirectory() as folder:
                os.environ["SUNWI_CACHE_DIR"] = folder  # nothing is cached
                vectors[name] = encoder.encode(texts, "passage", MAX_LENGTH).astype(np.float32)

        return run

    usual = "sentence-transformers, float32"
    makers: dict[str, Callable[[str], Callable[[], None]]] = {
        usual: lambda name: library(name, torch.float32),
        "sentence-transformers, bfloat16": lambda name: library(name, torch.bfloat16),
        "FlagEmbedding, float32": flag,
    }
    sides = {name: Side(make(name), len(texts)) for name, make in makers.items()}
    kept = os.environ.get("SUNWI_CACHE_DIR")
    sides |= {name: Side(own(name, precision), len(texts)) for name, precision in OURS.items()}
    rows = take_turns(sides, turns)
    os.environ.pop("SUNWI_CACHE_DIR") if kept is None else os.environ.update(SUNWI_CACHE_DIR=kept)
    for row in rows:
        cosines = (vectors[usual] * vectors[row.name]).sum(axis=1)
        row.note = f"least cosine {cosines.min():.5f}"
    setting = f"{len(texts)} passages, {MAX_LENGTH} tokens at most, {torch.get_num_threads()} threads"
    return Comparison("Encoding", "passages", setting, rows, [ceiling(info.folder, texts)])


def ceiling(folder: Path, texts: list[str]) -> str:
    """How fast any implementation of the same float32 arithmetic could be on this machine, in words."""
    from benchmarks.encoding.ceiling import measure

    return measure(folder, texts, BATCH, MAX_LENGTH)
