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
    pairs = [(one.query, texts[candidate.docid]) for one in lists for candidate in one.candidates[:depth]]
    scores = {name: rerankers.score(name, pairs) for name in rerankers.names}
    borders = np.cumsum([0, *(min(depth, len(one.candidates)) for one in lists)])
    found = []
    for one, (start, end) in zip(lists, pairwise(borders), strict=True):
        candidates = one.candidates[:depth]
        of_list = {name: values[start:end] for name, values in scores.items()}
        of_list[FIRST] = np.array([candidate.score for candidate in candidates], dtype=np.float32)
        found.append(ScoredList(of_list, np.array([bool(candidate.label) for candidate in candidates])))
    return found
