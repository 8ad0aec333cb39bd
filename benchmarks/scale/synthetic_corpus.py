"""A seeded corpus of short Korean passages, questions and clustered vectors, of any size, in bounded memory.

Words are those of the demo's passages by their frequency, and behind them names made of their syllables;
they are drawn by Zipf's law. Vectors lie near a subspace of 32 dimensions in clusters, as those of an
encoder do: nearest neighbours of fully random vectors are no task for an index.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sunwi.runtime import atomic_write

BLOCK = 50_000
NAMES = 200_000
DIMENSIONS, LATENT, CLUSTERS = 384, 32, 2000
Words = npt.NDArray[np.str_]


def vocabulary(demo: Path, generator: np.random.Generator) -> Words:
    """Words by falling frequency: the demo's, then names of two to four of its syllables."""
    contents = [json.loads(line)["content"] for line in demo.read_text(encoding="utf-8").splitlines()]
    counts = Counter(word for content in contents for word in content.split())
    words = sorted(counts, key=lambda word: (-counts[word], word))
    syllables = Counter(char for content in contents for char in content if "가" <= char <= "힣")
    chars = sorted(syllables, key=lambda char: (-syllables[char], char))[:400]
    share = np.array([syllables[char] for char in chars], dtype=np.float64)
    drawn = generator.choice(np.array(chars), size=(NAMES, 4), p=share / share.sum())
    lengths = generator.integers(2, 5, size=NAMES)
    known = dict.fromkeys(words)
    known.update(dict.fromkeys("".join(row[:length]) for row, length in zip(drawn, lengths, strict=True)))
    return np.array(list(known))


def passages(count: int, words: Words, generator: np.random.Generator) -> Iterator[str]:
    """Texts of 8 to 27 words; one of 100 repeats an earlier one but for a word, one of 200 wholly."""
    odds = np.cumsum(1 / np.arange(3, len(words) + 3))
    previous = "처음"
    for start in range(0, count, BLOCK):
        size = min(BLOCK, count - start)
        lengths = generator.integers(8, 28, size=size)
        ends = np.cumsum(lengths)
        drawn = words[np.searchsorted(odds, generator.random(int(ends[-1])) * odds[-1])]
        kinds = generator.random(size)
        for end, length, kind in zip(ends, lengths, kinds, strict=True):
            own = " ".join(drawn[end - length : end])
            text = previous if kind < 0.005 else f"{previous} {drawn[end - 1]}" if kind < 0.015 else own
            previous = own
            yield text + "."


def vectors(count: int, generator: np.random.Generator) -> Iterator[npt.NDArray[np.float32]]:
    """Blocks [rows, 384] of unit length."""
    basis = np.linalg.qr(generator.standard_normal((DIMENSIONS, LATENT)))[0].T.astype(np.float32)
    centres = generator.standard_normal((CLUSTERS, LATENT), dtype=np.float32)
    for start in range(0, count, BLOCK):
        size = min(BLOCK, count - start)
        latent = centres[generator.integers(0, CLUSTERS, size)]
        latent = latent + 0.9 * generator.standard_normal((size, LATENT), dtype=np.float32)
        rows = latent @ basis + 0.02 * generator.standard_normal((size, DIMENSIONS), dtype=np.float32)
        yield rows / np.linalg.norm(rows, axis=1, keepdims=True)


def write_texts(folder: Path, count: int, asked: int, demo: Path) -> None:
    """corpus.jsonl, and questions.jsonl of `asked` passages, evenly drawn."""
    generator = np.random.default_rng(7)
    words = vocabulary(demo, generator)
    step = count // asked
    with atomic_write(folder / "corpus.jsonl") as corpus, atomic_write(folder / "questions.jsonl") as asking:
        for at, text in enumerate(passages(count, words, generator)):
            corpus.write(json.dumps({"docid": f"p{at:08d}", "content": text}, ensure_ascii=False) + "\n")
            if at % step == 0 and at // step < asked:
                some = text.rstrip(".").split()
                keep = sorted(generator.choice(len(some), size=min(5, len(some)), replace=False))
                question = " ".join(some[word] for word in keep) + "?"
                row = {"qid": f"q{at:08d}", "docid": f"p{at:08d}", "question": question}
                asking.write(json.dumps(row, ensure_ascii=False) + "\n")


def write_vectors(folder: Path, count: int, asked: int) -> None:
    """vectors.npy and, near those of the passages that were asked for, questions.npy."""
    shape = (count, DIMENSIONS)
    path = folder / "vectors.npy"
    written = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=shape)
    start = 0
    for block in vectors(count, np.random.default_rng(8)):
        written[start : start + len(block)] = block
        start += len(block)
    written.flush()
    own = np.asarray(written[:: count // asked][:asked], dtype=np.float32)
    moved = own + 0.02 * np.random.default_rng(9).standard_normal(own.shape, dtype=np.float32)
    np.save(
        folder / "questions.npy", (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float16)
    )
