"""BM25 top 50: this package against rank-bm25, same tokens, same machine, one run.

python benchmarks/bm25_search.py CORPUS.jsonl QUESTIONS.jsonl [--queries 12800] [--sampled 100]
"""

import argparse
import json
import time
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
    documents = index_terms(texts(options.corpus, "content"), "kiwi")
    asked = index_terms(texts(options.questions, "question")[: options.queries], "kiwi")

    from rank_bm25 import BM25Okapi

    start = time.perf_counter()
    index = Bm25(documents, Bm25Params())
    built = time.perf_counter() - start
    start = time.perf_counter()
    index.search(asked, 50)
    ours = time.perf_counter() - start
    usual = BM25Okapi(documents)
    start = time.perf_counter()
    for query in asked[: options.sampled]:
        scores = usual.get_scores(query)
        np.argsort(-scores, kind="stable")[:50]
    theirs = (time.perf_counter() - start) / options.sampled * len(asked)
    print(f"{len(asked):,} queries x {len(documents):,} documents, top 50")
    print("| | seconds | queries/s |\n|---|---|---|")
    print(f"| sunwi (index built in {built:.2f} s) | {ours:.2f} | {len(asked) / ours:,.0f} |")
    print(f"| rank-bm25 (from {options.sampled} queries) | {theirs:.1f} | {len(asked) / theirs:,.0f} |")
    print(f"ratio {theirs / ours:.0f}")
