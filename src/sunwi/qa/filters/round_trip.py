"""Round trip: BM25 must find the passage again by its question."""

from __future__ import annotations

from collections.abc import Sequence

from sunwi.params import Bm25Params
from sunwi.qa.candidate import Candidate, Evidence, Verdict
from sunwi.search.bm25 import Bm25


def round_trip(candidate: Candidate, evidence: Evidence) -> Verdict:  # noqa: ARG001 (the filters' common signature)
    """Record the rank of the source passage; reject `round_trip` if it is beyond the depth.

    No quality test by itself: keyword lists and copied statements pass it best. The rank is kept so
    that near-ties are never used as negatives.
    """
    return Verdict({"rank": evidence.rank}, None if evidence.rank is not None else "round_trip")


def source_ranks(
    passages: Sequence[Sequence[str]],
    queries: Sequence[Sequence[str]],
    sources: Sequence[int],
    depth: int,
    params: Bm25Params,
) -> list[int | None]:
    """Rank of each query's source passage, from 1; None if it is not among the first `depth`.

    Parameters
    ----------
    passages, queries
        Index terms.
    sources
        Position of each query's passage.
    """
    positions, scores = Bm25(passages, params).search(queries, depth)
    ranks: list[int | None] = []
    for row, source in enumerate(sources):
        hits = [
            rank
            for rank, (position, score) in enumerate(zip(positions[row], scores[row], strict=True), start=1)
            if position == source and score > 0
        ]
        ranks.append(hits[0] if hits else None)
    return ranks
