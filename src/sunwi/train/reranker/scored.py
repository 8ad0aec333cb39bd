"""Candidate lists under the retriever and every reranker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from sunwi.records.mined import CandidateList
from sunwi.search.rerank.blend import FIRST, ScoredList
from sunwi.search.rerank.rerankers import Rerankers


def list_pairs(
    lists: Sequence[CandidateList], texts: Mapping[str, str], depth: int
) -> tuple[list[tuple[str, str]], npt.NDArray[np.int64]]:
    """(query, passage) of each list's first `depth` candidates, and the borders between the lists."""
    heads = [(question.query, question.candidates[:depth]) for question in lists]
    pairs = [(query, texts[candidate.docid]) for query, head in heads for candidate in head]
    return pairs, np.cumsum([len(head) for _, head in heads], dtype=np.int64)[:-1]


def score_lists(
    lists: Sequence[CandidateList], texts: Mapping[str, str], rerankers: Rerankers, depth: int
) -> list[ScoredList]:
    """The first `depth` candidates of each list under the retriever and every reranker."""
    pairs, borders = list_pairs(lists, texts, depth)
    scores = {name: np.split(rerankers.score(name, pairs), borders) for name in rerankers.names}
    return [
        ScoredList({**{name: parts[row] for name, parts in scores.items()}, **first.scores}, first.relevant)
        for row, first in enumerate(retriever_lists(lists, depth))
    ]


def retriever_lists(lists: Sequence[CandidateList], depth: int) -> list[ScoredList]:
    """The first `depth` candidates of each list under the retriever alone."""
    scored = []
    for question in lists:
        candidates = question.candidates[:depth]
        scores = np.array([candidate.score for candidate in candidates], dtype=np.float32)
        scored.append(
            ScoredList({FIRST: scores}, np.array([bool(candidate.label) for candidate in candidates]))
        )
    return scored
