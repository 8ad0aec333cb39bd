"""How the terms of a query lie in a passage: shares, weighted by idf, the best window, the span."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

MATCHES = ("coverage", "window", "count_share", "largest_hit", "largest_missed", "span", "length")


def inverse_frequency(size: int, frequency: int) -> float:
    """ln(1 + (N - df + 0.5) / (df + 0.5)), as BM25 has it (Robertson & Zaragoza 2009)."""
    return math.log(1 + (size - frequency + 0.5) / (frequency + 0.5))


def term_match(query: Mapping[str, float], passage: Sequence[str], window: int) -> list[float]:
    """The values that `MATCHES` names, each 0 to 1 but the length.

    `coverage`: idf of the query's terms in the passage, as a share of all its terms' idf. `window`: the same
    in the best run of `window` terms. `count_share`: their number's share. `largest_hit`, `largest_missed`:
    the largest idf in the passage and outside it, as a share of the query's largest. `span`: the shortest run
    with all terms that the passage has (Tao & Zhai 2007), as a share of it. `length`: ln(1 + terms).

    Parameters
    ----------
    query
        Distinct terms to their idf.
    passage
        Its terms in reading order.

    Examples
    --------
    >>> term_match({"빛": 3.0, "속도": 1.0}, ["빛", "의", "굴절"], 2)[:5]
    [0.75, 0.75, 0.5, 1.0, 0.3333333333333333]
    """
    total, largest = sum(query.values()), max(query.values(), default=0.0)
    hits = [(place, term) for place, term in enumerate(passage) if term in query]
    length = math.log1p(len(passage))
    if not hits or not total:
        return [0.0, 0.0, 0.0, 0.0, 1.0 if query else 0.0, 1.0, length]
    present = {term for _, term in hits}
    missed = [idf for term, idf in query.items() if term not in present]
    return [
        sum(idf for term, idf in query.items() if term in present) / total,
        _best_window(hits, query, window) / total,
        len(present) / len(query),
        max(query[term] for term in present) / largest,
        max(missed, default=0.0) / largest,
        _shortest_run(hits, len(present)) / len(passage),
        length,
    ]


def _best_window(hits: Sequence[tuple[int, str]], idf: Mapping[str, float], window: int) -> float:
    """Largest summed idf of distinct terms within `window` places."""
    inside: Counter[str] = Counter()
    start, now, best = 0, 0.0, 0.0
    for place, term in hits:
        inside[term] += 1
        now += idf[term] if inside[term] == 1 else 0.0
        while place - hits[start][0] >= window:
            left = hits[start][1]
            inside[left] -= 1
            now -= idf[left] if not inside[left] else 0.0
            start += 1
        best = max(best, now)
    return best


def _shortest_run(hits: Sequence[tuple[int, str]], distinct: int) -> int:
    """Places of the shortest run that holds every distinct term of the hits."""
    inside: Counter[str] = Counter()
    start, shortest = 0, hits[-1][0] - hits[0][0] + 1
    for place, term in hits:
        inside[term] += 1
        while inside[hits[start][1]] > 1:
            inside[hits[start][1]] -= 1
            start += 1
        if len(inside) == distinct:
            shortest = min(shortest, place - hits[start][0] + 1)
    return shortest
