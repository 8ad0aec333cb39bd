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
PLAIN = Bm25Params(tokenizer="whitespace")


def synthetic(count: int) -> tuple[list[Document], np.ndarray]:
    """Passages of made-up words, and unit vectors [count, 384] of float16."""
    generator = np.random.default_rng(SEED)
    drawn = np.minimum(generator.zipf(1.2, size=(count, LENGTH)), WORDS)
    texts = [" ".join(f"w{word}" for word in row) for row in drawn]
    documents = [Document(docid=f"d{at:07d}", content=text) for at, text in enumerate(texts)]
    vectors = generator.normal(size=(count, DIMENSIONS)).astype(np.float32)
    return documents, (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)


def queries_of(passages: Passages, vectors: np.ndarray, count: int) -> QueryBatch:
    """Queries of the first six words of drawn passages, with the passages' vectors."""
    rows = np.random.default_rng(SEED).integers(0, len(passages), count)
    words = [passages.texts[row].split()[:6] for row in rows]
    texts = [" ".join(row) for row in words]
    return QueryBatch([f"q{at}" for at in range(count)], texts, words, vectors[rows])


def main() -> None:
    """Print rate, percentiles and bytes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=["opensearch", "elasticsearch"])
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=200)
    args = parser.parse_args()
    documents, vectors = synthetic(args.passages)
    passages = Passages.of(documents)
    search = SearchParams(engine=args.engine, index="sunwi-load", analyzer="terms", depth=100, timeout=600)
    server, dialect = connect(args.engine, search.timeout)
    start = time.perf_counter()
    built = build_index(server, dialect, passages, search, PLAIN, vectors)
    seconds = time.perf_counter() - start
    print(f"indexed {built.documents} in {seconds:.0f} s: {built.documents / seconds:.0f} a second")
    stats = ask(server, "GET", f"/{built.name}/_stats/store")["indices"][built.name]["primaries"]["store"]
    print(f"disk: {stats['size_in_bytes'] / 1e6:.0f} MB")
    queries = queries_of(passages, vectors, args.queries)
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
