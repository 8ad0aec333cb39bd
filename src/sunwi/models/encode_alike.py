"""Passages under several encoders with common lower layers, which run once: for the row cache."""

from __future__ import annotations

from collections.abc import Sequence

from sunwi.cache import RowCache
from sunwi.models.encoder import Encoder
from sunwi.params.encoder import EncoderParams
from sunwi.progress import Progress


def encode_alike(
    encoders: Sequence[Encoder], texts: Sequence[str], limits: EncoderParams, label: str
) -> bool:
    """Put the passages' vectors under each encoder into the row cache; return whether that was done here.

    It is where the encoders are tunings of one BERT with frozen layers, on a CPU: each batch goes through
    these once. The vectors have the bytes that each encoder gives by itself (`Encoder.encode`), which reads
    them from the cache; where nothing is shared, that makes them.
    """
    branches = encoders[0].branches(encoders[1:]) if encoders else None
    if branches is None:
        return False
    first, length = encoders[0], limits.max_length
    if limits.windows:
        texts = [*texts, *first.reading(texts, "passage", length).pieces]
    keys = [encoder.keys(texts, "passage", length) for encoder in encoders]
    with RowCache("vectors") as cache:
        known = [set(cache.get_many(of_encoder)) for of_encoder in keys]
        missing = [
            row
            for row, of_row in enumerate(zip(*keys, strict=True))
            if any(key not in found for key, found in zip(of_row, known, strict=True))
        ]
        rows = list({keys[0][row]: row for row in missing}.values())  # a text that stands twice runs once
        with Progress(label, len(rows), "text") as shown:
            for at, batch in first.planned([texts[row] for row in rows], "passage", length):
                for encoder, of_encoder, hidden in zip(encoders, keys, branches(batch), strict=True):
                    vectors = encoder.pooled(batch, *hidden)
                    cache.put_many(
                        (of_encoder[rows[row]], vector.tobytes())
                        for row, vector in zip(at, vectors, strict=True)
                    )
                shown.advance(len(at))
    return True
