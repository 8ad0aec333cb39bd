"""Scores of (query, passage) pairs, kept by model and text, so that no pair is scored twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from sunwi.cache import RowCache
from sunwi.runtime import text_hash

Pairs = Sequence[tuple[str, str]]


class PairScores:
    """A row cache of float32 scores; its key covers the model and its settings."""

    CHUNK = 4096  # pairs scored between two commits

    def __init__(self, name: str, settings: Sequence[str]) -> None:
        self.name = name
        self.settings = tuple(settings)

    def get(
        self, pairs: Pairs, compute: Callable[[Iterable[Pairs]], Iterator[npt.NDArray[np.float32]]]
    ) -> npt.NDArray[np.float32]:
        """Scores of the pairs, shape [pairs]; those that are missing are computed, part by part, and kept."""
        keys = [text_hash(*self.settings, query, passage) for query, passage in pairs]
        with RowCache(self.name) as cache:
            known = cache.get_many(keys)
            missing = {key: pair for key, pair in zip(keys, pairs, strict=True) if key not in known}
            # By passage, so that a passage's pairs fall into one chunk and its tokens are encoded once.
            order = sorted(missing, key=lambda key: (missing[key][1], missing[key][0]))
            parts = [order[start : start + self.CHUNK] for start in range(0, len(order), self.CHUNK)]
            computed = compute([missing[key] for key in part] for part in parts)
            for part, scores in zip(parts, computed, strict=True):
                values = scores.astype("<f4")
                fresh = {key: value.tobytes() for key, value in zip(part, values, strict=True)}
                cache.put_many(fresh)
                known.update(fresh)
        return np.array([np.frombuffer(known[key], dtype="<f4")[0] for key in keys], dtype=np.float32)
