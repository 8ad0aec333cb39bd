"""Peak memory of exact dense search over synthetic vectors, memory-mapped float16.

python benchmarks/memory_dense.py [--passages 1000000] [--dimensions 384]
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from sunwi.search.batch import QueryBatch
from sunwi.search.dense import DenseRetriever
from sunwi.search.store import load_vectors
from sunwi.search.top import top

BLOCK = 50_000

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=1_000_000)
    parser.add_argument("--dimensions", type=int, default=384)
    parser.add_argument("--queries", type=int, default=64)
    options = parser.parse_args()
    generator = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.npy"
        shape = (options.passages, options.dimensions)
        written = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=shape)
        for start in range(0, options.passages, BLOCK):
            rows = generator.standard_normal(
                (min(BLOCK, options.passages - start), options.dimensions), np.float32
            )
            written[start : start + len(rows)] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        written.flush()
        del written
        vectors = load_vectors(path, options.passages)
        retriever = DenseRetriever(vectors)
        asked = vectors[: options.queries].copy()
        start_time = time.perf_counter()
        for first in range(0, options.queries, 16):
            part = asked[first : first + 16]
            qids = [str(at) for at in range(len(part))]
            scores = retriever.scores(QueryBatch(qids, qids, [[] for _ in qids], part))
            found = [int(top(row, 50)[0][0]) for row in scores]
            assert found == list(range(first, first + len(part)))  # each finds itself
        seconds = time.perf_counter() - start_time
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"{options.passages:,} x {options.dimensions} float16, exact top 50")
    print("| peak RSS, GB | queries/s |\n|---|---|")
    print(f"| {peak:.2f} | {options.queries / seconds:.1f} |")
