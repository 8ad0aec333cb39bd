"""What the numbers that the encoder runs in cost in quality: dense search alone, float32 as the reference.

python -m benchmarks.encoding.precision_quality [--documents FILE --questions FILE] [--questions-asked 1500]

Vectors come from the row cache where it has them. The difference is given with the 95% interval of a paired
bootstrap over the questions.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.shared.material import read_material
from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.params.whole import Params

PRECISIONS = ("float32", "bfloat16", "int8")
RESAMPLES = 10_000


def ranks(
    queries: npt.NDArray[np.float32], passages: npt.NDArray[np.float32], relevant: list[int]
) -> npt.NDArray:
    """Rank of each query's passage, from 1; ties by position."""
    scores = queries @ passages.T  # [queries, passages]
    own = scores[np.arange(len(relevant)), relevant][:, None]
    before = np.arange(len(passages))[None, :] < np.asarray(relevant)[:, None]
    return 1 + ((scores > own) | ((scores == own) & before)).sum(axis=1)


def interval(differences: npt.NDArray[np.float64]) -> str:
    draw = np.random.default_rng(1)
    means = [
        differences[draw.integers(0, len(differences), len(differences))].mean() for _ in range(RESAMPLES)
    ]
    low, high = np.percentile(means, [2.5, 97.5])
    return f"{differences.mean():+.4f} [{low:+.4f}, {high:+.4f}]"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--documents", type=Path)
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--questions-asked", type=int, default=1500)
    parser.add_argument("--precisions", nargs="+", default=list(PRECISIONS))
    options = parser.parse_args()
    material = read_material(options.documents, options.questions)
    asked = sorted(material.asked)
    random.Random(1).shuffle(asked)
    asked = asked[: options.questions_asked]
    position = {docid: at for at, docid in enumerate(material.documents)}
    relevant = [position[docid] for _, docid in asked]
    params, info = Params().encoder, resolve("builtin/multilingual-e5-small")
    found = {}
    for precision in options.precisions:
        encoder = Encoder(info, precision=precision)
        passages = encoder.encode(material.passages, "passage", params.max_length).astype(np.float32)
        queries = encoder.encode([text for text, _ in asked], "query", params.query_max_length)
        found[precision] = (passages, ranks(queries.astype(np.float32), passages, relevant))
    print(f"{len(asked):,} questions, {len(position):,} passages, dense search alone\n")
    print("| | MRR@10 | nDCG@10 | R@10 | MRR@10 less the first's | least, mean cosine |")
    print("|---|---|---|---|---|---|")
    first_vectors, first = found[options.precisions[0]]

    def reciprocal(of: npt.NDArray) -> npt.NDArray[np.float64]:
        return np.where(of <= 10, 1 / of, 0.0)

    for precision, (passages, of) in found.items():
        cosines = (passages * first_vectors).sum(axis=1)
        gain = np.where(of <= 10, 1 / np.log2(1 + of), 0.0).mean()
        print(
            f"| {precision} | {reciprocal(of).mean():.4f} | {gain:.4f} | {(of <= 10).mean():.4f} "
            f"| {interval(reciprocal(of) - reciprocal(first))} | {cosines.min():.5f} / {cosines.mean():.5f} |"
        )
