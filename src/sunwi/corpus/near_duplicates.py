"""Near-duplicates by MinHash (Broder 1997) and locality-sensitive hashing, verified by the Jaccard index."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from sunwi.text import char_ngrams, jaccard

GRAM = 5  # characters
PERMUTATIONS = 128
SEED = 1
MISSED = 0.001  # chance at most of missing a pair that lies at the threshold


def near_pairs(texts: Mapping[str, str], threshold: float) -> list[tuple[str, str, float]]:
    """Pairs of different texts whose sets of character 5-grams have a Jaccard index of `threshold` or more.

    Parameters
    ----------
    texts
        Squeezed texts (`text.squeeze`) by id; those under 5 characters have no 5-gram and no pair.
    threshold
        0 to 1.

    Returns
    -------
    list of (later id, earlier id, index), sorted. The hashing is seeded, so the same pairs come every time;
    a pair at the threshold is missed with a chance of at most `MISSED`, one above it with less.
    """
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS, params=bands(threshold))
    empty = MinHash(num_perm=PERMUTATIONS, seed=SEED, hashfunc=int, scheme="affine32")
    candidates: list[tuple[str, str]] = []
    for key in sorted(texts):
        if len(texts[key]) < GRAM:
            continue
        sketch = empty.copy()
        sketch.update_batch(gram_hashes(texts[key]).tolist())
        candidates += ((key, str(earlier)) for earlier in index.query(sketch))
        index.insert(key, sketch)
    pairs = []
    for later, earlier in sorted(candidates):
        similarity = jaccard(char_ngrams(texts[later], GRAM), char_ngrams(texts[earlier], GRAM))
        if similarity >= threshold:
            pairs.append((later, earlier, similarity))
    return pairs


def bands(threshold: float) -> tuple[int, int]:
    """Bands and rows of the hashing: the longest bands that keep the chance of a miss below `MISSED`.

    Two texts of index t share one of b bands of r rows with the chance 1 - (1 - t^r)^b
    (Leskovec, Rajaraman & Ullman, Mining of Massive Datasets, 3.4.2). Too many candidates cost time alone,
    because each is verified. Below a threshold of about 0.05 no choice of bands keeps the bound.

    Examples
    --------
    >>> bands(0.85)
    (18, 7)
    """
    for rows in range(PERMUTATIONS // 2, 1, -1):
        count = PERMUTATIONS // rows
        if (1 - threshold**rows) ** count <= MISSED:
            return count, rows
    return PERMUTATIONS, 1


def gram_hashes(text: str) -> npt.NDArray[np.uint32]:
    """Distinct 32-bit hashes of a text's character 5-grams, by one vectorised multiply-shift.

    Hashing each gram by itself (datasketch's default, SHA-1) is the slow part of MinHash.
    """
    letters = np.frombuffer(text.encode("utf-32-le"), dtype="<u4").astype(np.uint64)
    random = np.random.Generator(np.random.PCG64(SEED))
    factors = random.integers(0, 2**63, GRAM, dtype=np.uint64) * np.uint64(2) + np.uint64(1)  # odd
    windows = np.lib.stride_tricks.sliding_window_view(letters, GRAM)  # [grams, 5]
    mixed = (windows * factors).sum(axis=1, dtype=np.uint64)  # modulo 2^64 on purpose
    return np.unique((mixed >> np.uint64(32)).astype(np.uint32))
