"""The candidates of one question: the union of the retrievers' best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sunwi.search.retrievers.base import Scores
from sunwi.search.top import top


@dataclass(frozen=True, slots=True)
class Pool:
    """Passages by position, and the retrievers that found each."""

    sources: dict[int, str]  # position -> "bm25", "dense" or "both", rising

    def __len__(self) -> int:
        return len(self.sources)

    def ranking(self, scores: Mapping[int, float]) -> list[int]:
        """Positions by falling score; ties are broken by position."""
        return sorted(self.sources, key=lambda position: (-scores[position], position))


def draw_pool(bm25: Scores, dense: Scores, bm25_depth: int, dense_depth: int) -> Pool:
    """The union of both retrievers' best; of BM25 only passages that have a term of the question."""
    lexical = {int(position) for position in top(bm25, bm25_depth)[0] if bm25[position] > 0}
    near = {int(position) for position in top(dense, dense_depth)[0]}
    names = {(True, True): "both", (True, False): "bm25", (False, True): "dense"}
    return Pool(
        {position: names[position in lexical, position in near] for position in sorted(lexical | near)}
    )


def rank_at(scores: Scores, position: int) -> int:
    """Rank of one passage, 1 = best; ties are broken by position."""
    value = scores[position]
    return 1 + int(np.count_nonzero(scores > value)) + int(np.count_nonzero(scores[:position] == value))
