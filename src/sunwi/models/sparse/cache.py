"""Row cache of a saved sparse encoder's passages: the second variant that searches with it encodes none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sunwi.cache import RowCache
from sunwi.models.encoder import EncodeCount
from sunwi.models.precision import precision_key
from sunwi.models.resolver import content_hash
from sunwi.models.sparse.encoder import HEAD_FILE, SETTINGS_FILE, SparseEncoder
from sunwi.models.sparse.vectors import SparseVectors
from sunwi.runtime import file_hash, progress, text_hash

CHUNK = 512  # passages between two commits: a run that is cut off loses these at most


def sparse_hash(folder: Path) -> str:
    """Hex hash over encoder, tokeniser, head, vocabulary and settings of a saved sparse encoder."""
    return text_hash(content_hash(folder), *(file_hash(folder / name) for name in (HEAD_FILE, SETTINGS_FILE)))


def cached_passages(
    encoder: SparseEncoder, folder: Path, texts: Sequence[str], max_length: int
) -> tuple[SparseVectors, EncodeCount]:
    """Vectors of passages by the encoder that `folder` holds, and how many had to be encoded.

    A row's vector does not depend on the other rows (`length_batches`): cached and fresh rows agree.
    """
    settings = (sparse_hash(folder), str(max_length), *precision_key("float32"))
    keys = [text_hash(*settings, text) for text in texts]
    with RowCache("sparse_vectors") as cache:
        known = cache.get_many(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        count = EncodeCount(encoded=len(missing), cached=len(texts) - len(missing))
        order = sorted(missing, key=lambda key: (-len(missing[key]), key))
        bar = progress(range(0, len(order), CHUNK), None, f"encode sparse ({len(order)} new)", "chunk")
        for start in bar:
            part = order[start : start + CHUNK]
            vectors = encoder.encode_passages([missing[key] for key in part], max_length)
            fresh = {key: _to_bytes(vectors, row) for row, key in enumerate(part)}
            cache.put_many(fresh)
            known.update(fresh)
    return _from_bytes([known[key] for key in keys], len(encoder.token_ids)), count


def _to_bytes(vectors: SparseVectors, row: int) -> bytes:
    """Columns as little-endian int32, then their weights as float32."""
    columns, weights = vectors.row(row)
    return columns.astype("<i4").tobytes() + weights.astype("<f4").tobytes()


def _from_bytes(rows: Sequence[bytes], width: int) -> SparseVectors:
    halves = ((row[: len(row) // 2], row[len(row) // 2 :]) for row in rows)
    arrays = ((np.frombuffer(columns, "<i4"), np.frombuffer(weights, "<f4")) for columns, weights in halves)
    return SparseVectors.of_rows(arrays, width)
