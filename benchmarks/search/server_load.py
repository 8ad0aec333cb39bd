"""Synthetic passages on a server: rate of indexing, seconds of a search, disk.

    python -m benchmarks.search.server_load opensearch --passages 100000

The environment names the server. Texts are made-up words by a Zipf distribution, vectors are normal.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from sunwi.params.bm25 import Bm25Params
from sunwi.params.search import SearchParams
from sunwi.records.corpus import Document
from sunwi.search.passages import Passages, QueryBatch
from sunwi.search.servers.connect import connect
from sunwi.search.servers.index import build_index
from sunwi.search.servers.retrievers import engine_retrievers
from sunwi.search.servers.server import ask

WORDS, LENGTH, DIMENSIONS, SEED = 50_000, 60, 384, 42


def main() -> None:
    """Print rate, percentiles and bytes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=["opensearch", "elasticsearch"])
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=200)
    args = parser.parse_args()
    generator = np.random.default_rng(SEED)
    drawn = np.minimum(generator.zipf(1.2, size=(args.passages, LENGTH)), WORDS)
    texts = [" ".join(f"w{word}" for word in row) for row in drawn]
    passages = Passages.of(Document(docid=f"d{at:07d}", content=text) for at, text in enumerate(texts))
    vectors = generator.normal(size=(args.passages, DIMENSIONS)).astype(np.float32)
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)
    bm25 = Bm25Params(tokenizer="whitespace")
    search = SearchParams(engine=args.engine, index="sunwi-load", analyzer="terms", depth=100, timeout=600)
    server, dialect = connect(args.engine, search.timeout)
    start = time.perf_counter()
    built = build_index(server, dialect, passages, search, bm25, vectors)
    seconds = time.perf_counter() - start
    print(f"indexed {built.documents} in {seconds:.0f} s: {built.documents / seconds:.0f} a second")
    stats = ask(server, "GET", f"/{built.name}/_stats/store")["indices"][built.name]["primaries"]["store"]
    print(f"disk: {stats['size_in_bytes'] / 1e6:.0f} MB")
    rows = generator.integers(0, args.passages, args.queries)
    words = [texts[row].split()[:6] for row in rows]
    queries = QueryBatch(
        [f"q{at}" for at in range(args.queries)], [" ".join(row) for row in words], words, vectors[rows]
    )
    for retriever in engine_retrievers(server, dialect, built, passages, 100):
        for clients in (1, 8):

            def one(row: int, asked=retriever) -> float:  # type: ignore[no-untyped-def]  # the default binds the loop's value
                begin = time.perf_counter()
                asked.best(queries.part(slice(row, row + 1)))
                return 1000 * (time.perf_counter() - begin)

            with ThreadPoolExecutor(clients) as pool:
                times = list(pool.map(one, range(args.queries)))
            low, high = np.quantile(times, [0.5, 0.99])
            print(f"{retriever.name}, {clients} clients: p50 {low:.0f} ms, p99 {high:.0f} ms")
    ask(server, "DELETE", f"/{built.name}")


if __name__ == "__main__":
    main()
