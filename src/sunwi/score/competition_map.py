"""MAP as the Korean scientific-knowledge QA competition computes it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sunwi.errors import DataError


def competition_average_precision(relevant: Collection[str], topk: Sequence[str], cutoff: int = 3) -> float:
    """Average precision of one submitted list, 0 to 1.

    The rule is `calc_map` of the competition's evaluation ("Scientific Knowledge Question Answering",
    Upstage and Fast Campus, 2024), which differs from the standard measure twice: the sum of the precisions
    at the hits is divided by the hits *found* in the first `cutoff` documents, not by the number of relevant
    documents; and a query without relevant documents (small talk) asks for an empty list: 1 if `topk` is
    empty, else 0.

    Parameters
    ----------
    relevant
        Relevant documents of the query; empty if it has none.
    topk
        Submitted documents, best first, each at most once; empty if the query was answered without retrieval.

    Examples
    --------
    >>> round(competition_average_precision({"a", "b"}, ["a", "x", "b"]), 4)  # (1/1 + 2/3) / 2
    0.8333
    >>> competition_average_precision({"a"}, []), competition_average_precision(set(), [])
    (0.0, 1.0)
    """
    if not relevant:
        return 0.0 if topk else 1.0
    hits = [rank for rank, docid in enumerate(topk[:cutoff], start=1) if docid in relevant]
    return sum(hit_count / rank for hit_count, rank in enumerate(hits, start=1)) / len(hits) if hits else 0.0


def competition_map(
    relevant: Mapping[str, Collection[str]], topk: Mapping[str, Sequence[str]], cutoff: int = 3
) -> float:
    """Mean of `competition_average_precision` over the queries of a submission.

    Parameters
    ----------
    relevant
        Query id to its relevant documents; a query without an entry has none.
    topk
        Query id to the submitted documents; the mean is taken over its queries, as the competition does.

    Raises
    ------
    DataError
        If the submission has no query.
    """
    if not topk:
        raise DataError(
            "the submission has no query", "write one line a query, with an empty topk where needed"
        )
    values = (competition_average_precision(relevant.get(qid, ()), topk[qid], cutoff) for qid in sorted(topk))
    return sum(values) / len(topk)
