"""BM25 top 50: this package against rank-bm25, same tokens, same machine, one run.

python benchmarks/bm25_search.py CORPUS.jsonl QUESTIONS.jsonl [--queries 12800] [--sampled 100]
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from sunwi.params import Bm25Params
from sunwi.search.bm25 import Bm25
from sunwi.search.terms import index_terms


def texts(path: Path, field: str) -> list[str]:
    return [json.loads(line)[field] for line in path.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--queries", type=int, default=12_800)
    parser.add_argument("--sampled", type=int, default=100, help="queries that rank-bm25 is timed on")
    options = parser.parse_args()
    documents = index_terms(texts(options.corpus, "content"), Bm25Params().tokenizer)
    asked = index_terms(texts(options.questions, "question")[: options.queries], Bm25Params().tokenizer)

    from rank_bm25 import BM25Okapi

    def timed(work: Callable[[], object]) -> tuple[float, float]:
        """Wall and CPU seconds; both sides use one thread, and other work falls on the first."""
        start, used = time.perf_counter(), time.process_time()
        work()
        return time.perf_counter() - start, time.process_time() - used

    def usual_search() -> None:
        for query in asked[: options.sampled]:
            np.argsort(-usual.get_scores(query), kind="stable")[:50]

    built = timed(lambda: Bm25(documents, Bm25Params()))
    index = Bm25(documents, Bm25Params())
    ours = timed(lambda: index.search(asked, 50))
    usual = BM25Okapi(documents)
    share = len(asked) / min(options.sampled, len(asked))
    theirs = tuple(seconds * share for seconds in timed(usual_search))
    print(f"{len(asked):,} queries x {len(documents):,} documents, top 50")
    print("| | seconds | CPU seconds | queries / CPU-second |\n|---|---|---|---|")
    rows = {
        "sunwi: index": built,
        "sunwi: search": ours,
        f"rank-bm25 (from {options.sampled} queries)": theirs,
    }
    for name, (wall, cpu) in rows.items():
        speed = "" if "index" in name else f"{len(asked) / cpu:,.0f}"
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {speed} |")
    print(f"ratio of CPU seconds {theirs[1] / ours[1]:.0f}")
