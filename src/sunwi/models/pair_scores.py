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
        self, pairs: Pairs, compute: Callable[[Sequence[Pairs]], Iterator[npt.NDArray[np.float32]]]
    ) -> npt.NDArray[np.float32]:
        """Scores of the pairs, shape [pairs]; those that are missing are computed, part by part, and kept."""
        keys = [text_hash(*self.settings, query, passage) for query, passage in pairs]

        def computed(parts: list[list[int]]) -> Iterator[Iterable[bytes]]:
            scores = compute([[pairs[row] for row in part] for part in parts])
            return ((score.tobytes() for score in of_part.astype("<f4")) for of_part in scores)

        with RowCache(self.name) as cache:
            # By passage, so that a passage's pairs fall into one chunk and its tokens are encoded once.
            values = cache.fill(keys, computed, self.CHUNK, lambda row: (pairs[row][1], pairs[row][0]))
        return np.frombuffer(b"".join(values), "<f4").astype(np.float32)
