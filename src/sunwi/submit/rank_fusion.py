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
