"""Reciprocal rank fusion (Cormack, Clarke & Büttcher 2009) of lists of ids: of queries or of variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def fuse_ranked_lists(
    lists: Mapping[str, Sequence[str]], k: float, weights: Mapping[str, float] | None = None
) -> list[tuple[str, float]]:
    """Ids and scores, best first: s(d) = sum over lists l of w_l / (k + rank_l(d)), ranks from 1.

    An id that a list lacks gets nothing from it; a list that `weights` does not name counts 1. Ties are
    broken by id.

    Examples
    --------
    >>> found = fuse_ranked_lists({"one": ["a", "b"], "two": ["b", "c"]}, k=60)
    >>> [(document_id, round(score, 5)) for document_id, score in found]
    [('b', 0.03252), ('a', 0.01639), ('c', 0.01613)]
    """
    totals: dict[str, float] = {}
    for name in sorted(lists):
        weight = (weights or {}).get(name, 1.0)
        for rank, document_id in enumerate(lists[name], start=1):
            totals[document_id] = totals.get(document_id, 0.0) + weight / (k + rank)
    return sorted(totals.items(), key=lambda item: (-item[1], item[0]))


def rank_votes(
    lists: Mapping[str, Sequence[str]],
    points: Sequence[float],
    k: float,
    weights: Mapping[str, float] | None = None,
) -> list[tuple[str, float]]:
    """Ids and points, best first: each list gives `points` to its first places, times its weight.

    Ids of as many points, such as those below the places that count, are ordered by reciprocal rank fusion.

    Examples
    --------
    >>> rank_votes({"one": ["a", "b"], "two": ["b", "c"]}, points=[5, 3], k=60)
    [('b', 8.0), ('a', 5.0), ('c', 3.0)]
    """
    totals: dict[str, float] = {}
    for name in sorted(lists):
        weight = (weights or {}).get(name, 1.0)
        for document_id, worth in zip(lists[name], points, strict=False):
            totals[document_id] = totals.get(document_id, 0.0) + weight * worth
    fused = fuse_ranked_lists(lists, k, weights)
    found = [(document_id, totals.get(document_id, 0.0)) for document_id, _ in fused]
    return sorted(found, key=lambda item: -item[1])  # stable: ties stay as they are fused
