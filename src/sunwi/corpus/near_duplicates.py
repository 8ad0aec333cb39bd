"""Near-duplicates by MinHash (Broder 1997) and locality-sensitive hashing, verified by the Jaccard index."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from sunwi.text import char_ngrams, jaccard

GRAM = 5  # characters
PERMUTATIONS = 128
SEED = 1
ERROR_WEIGHTS = (0.1, 0.9)  # of false positives, which the verification removes, and false negatives


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
    list of (later id, earlier id, index), sorted. The hashing is seeded; a pair may be missed with a small
    probability that falls as its index rises above the threshold.
    """
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS, weights=ERROR_WEIGHTS)
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
