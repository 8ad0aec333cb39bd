"""Versions of one document in a folder: final and final2, or copies in two formats, found by their text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sunwi.corpus.near_duplicates import near_pairs
from sunwi.documents.blocks import ReadDocument
from sunwi.text import squeeze

OVERLAP = 0.8  # Jaccard index of character 5-grams of the whole texts, from here on two files are versions


@dataclass(frozen=True, slots=True)
class Versions:
    """Files with nearly the same text: the newest's path, and the others' with their overlap with it, 0 to 1.

    The overlap is None where a file is like another of the group, and less like the newest.
    """

    newest: str
    others: tuple[tuple[str, float | None], ...]


def find_versions(documents: Iterable[ReadDocument], age: Callable[[str], Any]) -> list[Versions]:
    """Groups of files with nearly the same text, sorted by their newest's path.

    Parameters
    ----------
    age
        Of a path, what is higher for newer files; of equal ones the last path is the newest.
    """
    texts: dict[str, str] = {}
    first: dict[str, str] = {}
    links: dict[tuple[str, str], float] = {}
    for document in documents:
        text = squeeze("\n".join(block.text for block in document.blocks))
        if not text:
            continue
        if (original := first.setdefault(text, document.path)) != document.path:
            links[original, document.path] = 1.0
        else:
            texts[document.path] = text
    copies: dict[str, list[str]] = defaultdict(list)
    for original, copy in links:
        copies[original].append(copy)
    for later, earlier, overlap in near_pairs(texts, OVERLAP):
        for left in (earlier, *copies[earlier]):
            for right in (later, *copies[later]):
                links[left, right] = overlap
    for same in copies.values():
        for left in same:
            links.update({(left, right): 1.0 for right in same if left != right})
    return sorted((_versions(group, links, age) for group in _groups(links)), key=lambda one: one.newest)


def _versions(group: set[str], links: dict[tuple[str, str], float], age: Callable[[str], Any]) -> Versions:
    newest = max(group, key=lambda path: (age(path), path))
    others = sorted(group - {newest})
    return Versions(
        newest, tuple((path, links.get((path, newest), links.get((newest, path)))) for path in others)
    )


def _groups(links: Iterable[tuple[str, str]]) -> list[set[str]]:
    """Connected paths."""
    of: dict[str, set[str]] = {}
    for left, right in links:
        joined = of.get(left, {left}) | of.get(right, {right})
        for path in joined:
            of[path] = joined
    return list({id(group): group for group in of.values()}.values())
