"""Sentence vectors on disk: their vectors, and the passage that each belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sunwi.errors import DataError
from sunwi.models.encoder import Encoder
from sunwi.runtime import atomic_write
from sunwi.search.index.store import load_vectors, vectors_file
from sunwi.search.retrievers.sentences import SentenceRetriever
from sunwi.text import sentences_of

VECTORS, OWNERS = "sentences.npy", "sentence_owners.npy"


def save_sentences(folder: Path, texts: Sequence[str], encoder: Encoder, max_length: int) -> int:
    """Encode every sentence of every passage; how many there are.

    A sentence that stands in several passages is encoded once (the row cache goes by content).
    """
    split = [
        [part for part in parts if part.strip()] or [text]
        for text, parts in zip(texts, sentences_of(texts), strict=True)
    ]
    flat = [sentence for parts in split for sentence in parts]
    owners = np.repeat(np.arange(len(split), dtype=np.int64), [len(parts) for parts in split])
    with atomic_write(folder / OWNERS, "wb") as out:
        np.save(out, owners, allow_pickle=False)
    with vectors_file(folder / VECTORS) as empty:
        encoder.encode(flat, "passage", max_length, "encode sentences", empty, keep_tokens=False)
    return len(flat)


def load_sentences(folder: Path, passages: int) -> SentenceRetriever:
    """The retriever over saved sentences, memory-mapped.

    Raises
    ------
    DataError
        If there are none, or they are of other passages.
    """
    if not (folder / OWNERS).exists():
        what = f"there are no sentence vectors in {folder}"
        raise DataError(what, "run dvc repro, which encodes them where sentences.enabled is true")
    owners = np.load(folder / OWNERS, allow_pickle=False)
    return SentenceRetriever(load_vectors(folder / VECTORS, len(owners)), owners, passages)
