"""Opt-in: our BM25 beside a real Lucene 10, over the same terms and over nori's, on the demo corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import kendalltau

from sunwi.params.bm25 import Bm25Params
from sunwi.records.corpus import Document
from sunwi.records.files import read_rows
from sunwi.search.index.bm25 import Bm25, index_terms, top
from sunwi.search.passages import Passages
from sunwi.search.servers.index import whitespace_text
from sunwi.search.servers.retrievers import lexical_query

from .lucene import Lucene, start_lucene

DEMO = Path(__file__).resolve().parents[3] / "data" / "demo"
KIWI = Bm25Params(tokenizer="kiwi")
DEPTH = 10


@pytest.fixture(scope="module")
def passages() -> Passages:
    start_lucene()
    return Passages.of(read_rows(DEMO / "corpus.jsonl", Document))


@pytest.fixture(scope="module")
def questions() -> list[str]:
    import json

    rows = (DEMO / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(row)["messages"][-1]["content"] for row in rows]


def clauses(query: dict[str, Any] | None) -> list[tuple[str, float]]:
    """Texts and boosts of what `lexical_query` sends to a server."""
    if query is None:
        return []
    parts = query["query"]["bool"]["should"] if "bool" in query["query"] else [query["query"]]
    return [(part["match"]["terms"]["query"], part["match"]["terms"]["boost"]) for part in parts]


def compare(
    passages: Passages, questions: list[str], lucene: Lucene, bm25: Bm25Params, *, raw: bool
) -> tuple[float, float]:
    """Means over questions: Kendall's tau-b over the passages that either finds, common ones of ten."""
    ours = Bm25(index_terms(passages.texts, bm25.tokenizer), bm25)
    found, shared = [], []
    for question, terms in zip(questions, index_terms(questions, bm25.tokenizer), strict=True):
        scores = ours.scores(terms)
        theirs = np.zeros(len(passages), dtype=np.float32)
        asked = [(question, 1.0)] if raw else clauses(lexical_query(terms, bm25.bigram_weight))
        for at, score in lucene.search(asked, len(passages)):
            theirs[at] = score
        either = (scores > 0) | (theirs > 0)
        tau = kendalltau(scores[either], theirs[either]).statistic if either.sum() > 1 else np.nan
        if not np.isnan(tau):
            found.append(float(tau))
            shared.append(len({*top(scores, DEPTH)[0]} & {*top(theirs, DEPTH)[0]}) / DEPTH)
    print(f"{len(found)} questions: tau {np.mean(found):.3f}, common among ten {np.mean(shared):.3f}")
    return float(np.mean(found)), float(np.mean(shared))


@pytest.mark.parametrize("bm25", [KIWI, Bm25Params()], ids=["kiwi", "default"])
def test_over_the_same_terms_the_order_is_lucenes(bm25: Bm25Params, passages, questions) -> None:
    texts = [whitespace_text(terms) for terms in index_terms(passages.texts, bm25.tokenizer)]
    lucene = Lucene(texts, "whitespace", bm25.k1, bm25.b)
    tau, shared = compare(passages, questions, lucene, bm25, raw=False)
    assert tau > 0.97  # Lucene keeps a passage's length in one byte: near ties may turn
    assert shared > 0.97


def test_nori_orders_alike_but_not_the_same(passages, questions) -> None:
    lucene = Lucene(passages.texts, "nori", KIWI.k1, KIWI.b)
    tau, shared = compare(passages, questions, lucene, KIWI, raw=True)
    assert 0.3 < tau < 0.97
    assert 0.3 < shared < 0.97
