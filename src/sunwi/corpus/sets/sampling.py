"""Fewer queries of a large set, the same ones each time."""

from __future__ import annotations

from dataclasses import replace

from sunwi.corpus.sets.reading import EvaluationSet
from sunwi.runtime import text_hash


def sampled(found: EvaluationSet, most: int) -> EvaluationSet:
    """The set with at most so many queries, chosen by a hash of their ids; 0 keeps all. The corpus stays."""
    if not most or len(found.queries) <= most:
        return found
    chosen = sorted(found.queries, key=lambda query: text_hash("evaluate", query.qid))[:most]
    queries = sorted(chosen, key=lambda query: query.sort_key())
    left = len(found.queries) - most
    return replace(
        found,
        queries=queries,
        qrels={query.qid: found.qrels[query.qid] for query in queries},
        counted={**found.counted, "queries beyond --max-queries, left out": left},
    )
