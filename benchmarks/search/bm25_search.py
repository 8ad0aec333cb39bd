"""BM25 top 50: this package against rank-bm25 and bm25s, same terms, same machine, one run."""

from __future__ import annotations

import importlib.util

import numpy as np

from benchmarks.shared.material import Material
from benchmarks.shared.turns import Comparison, Side, take_turns
from sunwi.params.bm25 import Bm25Params
from sunwi.search.index.bm25 import Bm25
from sunwi.search.index.terms import index_terms

DEPTH = 50


def compare(material: Material, turns: int, quick: bool) -> Comparison:
    """rank-bm25, which scores every document in Python, is timed on a sample of the queries."""
    import bm25s
    from rank_bm25 import BM25Okapi

    queries, sampled = (1000, 20) if quick else (12_800, 60)
    documents = index_terms(material.passages, Bm25Params().tokenizer)
    asked = index_terms(material.questions(queries), Bm25Params().tokenizer)
    ours, usual = Bm25(documents, Bm25Params()), BM25Okapi(documents)
    depth = min(DEPTH, len(documents))

    def bm25s_side(backend: str) -> Side:
        index = bm25s.BM25(method="lucene", k1=1.2, b=0.75, backend=backend)
        index.index(documents, show_progress=False)
        return Side(lambda: _done(index.retrieve(asked, k=depth, show_progress=False, n_threads=0)), queries)

    def by_rank_bm25() -> None:
        for query in asked[:sampled]:
            np.argsort(-usual.get_scores(query), kind="stable")[:depth]

    sides = {
        "rank-bm25": Side(by_rank_bm25, sampled, f"on {sampled} of the queries"),
        "bm25s, numpy": bm25s_side("numpy"),
        "bm25s, numba": bm25s_side("numba"),
        "sunwi": Side(lambda: _done(ours.search(asked, depth)), queries, "ties by id, bigrams weighed"),
    }
    setting = f"{queries:,} queries x {len(documents):,} passages, top {depth}"
    found = Comparison("BM25 search", "queries", setting, take_turns(sides, turns))
    lucene = any(importlib.util.find_spec(name) for name in ("pyserini", "lucene"))
    found.remarks.append(
        "Terms (Kiwi and bigrams) are made before the clock starts, and are the same on every side."
        + ("" if lucene else " Lucene is not here: no row for it.")
    )
    return found


def _done(_: object) -> None:
    """What a side found is not its seconds."""
