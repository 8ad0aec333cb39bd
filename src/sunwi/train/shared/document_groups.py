"""Documents that questions share, so that a split by document keeps them together."""

from __future__ import annotations

from collections.abc import Sequence


def together(sets: Sequence[Sequence[str]]) -> dict[str, str]:
    """Each document to the first document of its group (union-find): those that a chain of sets connects.

    Examples
    --------
    >>> together([["b", "a"], ["b", "c"], ["d"]])
    {'a': 'a', 'b': 'a', 'c': 'a', 'd': 'd'}
    """
    root: dict[str, str] = {}

    def first(document: str) -> str:
        while root[document] != document:
            document = root[document]
        return document

    for members in sets:
        for document in members:
            root.setdefault(document, document)
        roots = {first(document) for document in members}
        for member in roots:
            root[member] = min(roots)
    return {document: first(document) for document in sorted(root)}
