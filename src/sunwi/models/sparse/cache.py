"""Row cache of a saved sparse encoder's passages: the second variant that searches with it encodes none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from sunwi.cache import RowCache, longest_first
from sunwi.models.encode_count import EncodeCount
from sunwi.models.precision import precision_key
from sunwi.models.resolver import content_hash
from sunwi.models.sparse.encoder import HEAD_FILE, SETTINGS_FILE, SparseEncoder
from sunwi.models.sparse.vectors import SparseVectors
from sunwi.runtime import file_hash, text_hash

CHUNK = 512  # passages between two commits: a run that is cut off loses these at most


def sparse_hash(folder: Path) -> str:
    """Hex hash over encoder, tokeniser, head, vocabulary and settings of a saved sparse encoder."""
    return text_hash(content_hash(folder), *(file_hash(folder / name) for name in (HEAD_FILE, SETTINGS_FILE)))


def cached_passages(
    encoder: SparseEncoder, folder: Path, texts: Sequence[str], max_length: int
) -> tuple[SparseVectors, EncodeCount]:
    """Vectors of passages by the encoder in `folder`, and how many had to be encoded.

    A row's vector does not depend on the other rows (`length_batches`): cached and fresh rows agree.
    """
    settings = (sparse_hash(folder), str(max_length), *precision_key("float32"))
    keys = [text_hash(*settings, text) for text in texts]
    count = EncodeCount(cached=len(texts))

    def encoded(parts: list[list[int]]) -> Iterator[Iterable[bytes]]:
        for part in parts:
            count.encoded += len(part)
            count.cached -= len(part)
            vectors = encoder.encode_passages([texts[row] for row in part], max_length)
            yield (_to_bytes(vectors, row) for row in range(len(part)))

    with RowCache("sparse_vectors") as cache:
        rows = cache.fill(keys, encoded, CHUNK, longest_first(texts, keys), "encode sparse")
    return _from_bytes(rows, len(encoder.token_ids)), count


def _to_bytes(vectors: SparseVectors, row: int) -> bytes:
    """Columns as little-endian int32, then their weights as float32."""
    columns, weights = vectors.row(row)
    return columns.astype("<i4").tobytes() + weights.astype("<f4").tobytes()


def _from_bytes(rows: Sequence[bytes], width: int) -> SparseVectors:
    halves = ((row[: len(row) // 2], row[len(row) // 2 :]) for row in rows)
    arrays = ((np.frombuffer(columns, "<i4"), np.frombuffer(weights, "<f4")) for columns, weights in halves)
    return SparseVectors.of_rows(arrays, width)
