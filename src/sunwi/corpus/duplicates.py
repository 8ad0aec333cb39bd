"""Exact and near-duplicates: reported, never dropped; a copy of a positive is no negative."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sunwi.corpus.near_duplicates import near_pairs
from sunwi.corpus.rows import DuplicatePair
from sunwi.records.corpus import Document
from sunwi.text import squeeze


def find_duplicates(documents: Sequence[Document], threshold: float) -> list[DuplicatePair]:
    """Pairs of documents with the same content but for spaces, punctuation and case, or nearly the same.

    Every exact copy is paired with the first of its kind (by docid), and the first of each kind with its
    near-duplicates of a Jaccard index of at least `threshold`; see `copies.copies_of`.
    """
    kinds: dict[str, list[str]] = defaultdict(list)
    for document in sorted(documents, key=lambda row: row.docid):
        # Of punctuation alone nothing is left by `squeeze`; such contents are compared as they are.
        kinds[squeeze(document.content) or document.content].append(document.docid)
    pairs = [
        DuplicatePair(docid=copy, duplicate_of=first, similarity=1.0)
        for first, *copies in kinds.values()
        for copy in copies
    ]
    firsts = {docids[0]: text for text, docids in kinds.items()}
    pairs += [
        DuplicatePair(docid=later, duplicate_of=earlier, similarity=round(similarity, 6))
        for later, earlier, similarity in near_pairs(firsts, threshold)
    ]
    return sorted(pairs, key=DuplicatePair.sort_key)
