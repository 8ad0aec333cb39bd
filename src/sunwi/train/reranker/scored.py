"""Candidate lists under the retriever and every reranker."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from sunwi.records.mined import CandidateList
from sunwi.search.rerank.blend import FIRST, ScoredList
from sunwi.search.rerank.rerankers import Rerankers


def score_lists(
    lists: Sequence[CandidateList], texts: dict[str, str], rerankers: Rerankers, depth: int
) -> list[ScoredList]:
    """The first `depth` candidates of each list under the retriever and every reranker."""
    pairs = [
        (question.query, texts[candidate.docid])
        for question in lists
        for candidate in question.candidates[:depth]
    ]
    scores = {name: rerankers.score(name, pairs) for name in rerankers.names}
    borders = np.cumsum([0, *(min(depth, len(question.candidates)) for question in lists)])
    scored = []
    for question, (start, end) in zip(lists, pairwise(borders), strict=True):
        candidates = question.candidates[:depth]
        by_scorer = {name: values[start:end] for name, values in scores.items()}
        by_scorer[FIRST] = np.array([candidate.score for candidate in candidates], dtype=np.float32)
        scored.append(ScoredList(by_scorer, np.array([bool(candidate.label) for candidate in candidates])))
    return scored
