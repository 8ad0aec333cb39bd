"""Which survivors of the rules become negatives: the best, a seeded sample, or random filler on request."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from sunwi.runtime import text_hash


def generator_of(seed: int, qid: str, purpose: str) -> np.random.Generator:
    """A generator of the question's own: other questions do not change its draws."""
    return np.random.default_rng(int(text_hash(str(seed), qid, purpose)[:16], 16))


def sample(
    survivors: Sequence[int], scores: Mapping[int, float], count: int, temperature: float, seed: int, qid: str
) -> list[int]:
    """`count` survivors without replacement, p proportional to exp(score / temperature); best first.

    By Gumbel's top-k trick (Kool et al. 2019, eq. 3): a low temperature is the top, a high one a fair draw.
    """
    noise = generator_of(seed, qid, "sample").gumbel(size=len(survivors))
    keys = {
        position: scores[position] / temperature + float(noise[row]) for row, position in enumerate(survivors)
    }
    drawn = sorted(survivors, key=lambda position: (-keys[position], position))[:count]
    return sorted(drawn, key=lambda position: (-scores[position], position))


def fill_randomly(corpus: int, taken: Collection[int], count: int, seed: int, qid: str) -> list[int]:
    """Up to `count` passages outside `taken`, drawn evenly; rising."""
    free = np.setdiff1d(np.arange(corpus), np.array(sorted(taken), dtype=np.int64))
    drawn = generator_of(seed, qid, "fill").choice(free, size=min(count, len(free)), replace=False)
    return sorted(int(position) for position in drawn)
