"""Which documents repeat which: a copy of a positive is no negative."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sunwi.corpus.rows import DuplicatePair


def copies_of(pairs: Sequence[DuplicatePair]) -> dict[str, frozenset[str]]:
    """For every docid in a pair, all docids with the same or nearly the same content, its own among them.

    Sets are shared between exact copies, so the result stays small however often a content repeats.

    Examples
    --------
    >>> exact = DuplicatePair(docid="b", duplicate_of="a", similarity=1.0)
    >>> near = DuplicatePair(docid="c", duplicate_of="a", similarity=0.9)
    >>> sorted(copies_of([exact, near])["b"])
    ['a', 'b', 'c']
    """
    first: dict[str, str] = {}
    for pair in sorted(pairs, key=DuplicatePair.sort_key):  # so that the earlier of a pair is settled before
        first.setdefault(pair.duplicate_of, pair.duplicate_of)
        first.setdefault(pair.docid, first[pair.duplicate_of] if pair.similarity == 1.0 else pair.docid)
    exact: dict[str, set[str]] = defaultdict(set)
    for docid, original in first.items():
        exact[original].add(docid)
    near: dict[str, set[str]] = {original: {original} for original in exact}
    for pair in pairs:
        left, right = first[pair.docid], first[pair.duplicate_of]
        near[left].add(right)
        near[right].add(left)
    copies = {
        original: frozenset().union(*(exact[other] for other in others)) for original, others in near.items()
    }
    return {docid: copies[original] for docid, original in first.items()}
