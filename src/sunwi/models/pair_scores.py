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
        scores = np.empty(len(pairs), dtype="<f4")
        missing: dict[str, list[int]] = {}  # key -> its rows
        with RowCache(self.name) as cache:
            for row, (key, known) in enumerate(zip(keys, cache.get_each(keys), strict=True)):
                if known is None:
                    missing.setdefault(key, []).append(row)
                else:
                    scores[row] = np.frombuffer(known, dtype="<f4")[0]
            # By passage, so that a passage's pairs fall into one chunk and its tokens are encoded once.
            pair_of = {key: pairs[rows[0]] for key, rows in missing.items()}
            order = sorted(missing, key=lambda key: (pair_of[key][1], pair_of[key][0]))
            parts = [order[start : start + self.CHUNK] for start in range(0, len(order), self.CHUNK)]
            computed = compute([pair_of[key] for key in part] for part in parts)
            for part, values in zip(parts, computed, strict=True):
                fresh = values.astype("<f4")
                cache.put_many((key, value.tobytes()) for key, value in zip(part, fresh, strict=True))
                for key, value in zip(part, fresh, strict=True):
                    scores[missing[key]] = value
        return scores.astype(np.float32, copy=False)
