"""Names of sparse entries as both engines take them."""

from __future__ import annotations

from collections.abc import Sequence


def engine_names(terms: Sequence[str]) -> list[str]:
    """A distinct name for each entry of the vocabulary, without dots: Elasticsearch reads those as paths.

    Examples
    --------
    >>> engine_names(["서울", "\u2581서울", "3.5", "3__5"])
    ['서울', '▁서울', '3__5', '3__5__3']
    """
    names: list[str] = []
    taken: set[str] = set()
    for column, term in enumerate(terms):
        name = term.replace(".", "__")
        if name in taken:
            name = f"{name}__{column}"
        taken.add(name)
        names.append(name)
    return names
