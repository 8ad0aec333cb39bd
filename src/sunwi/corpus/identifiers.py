"""Ids of an input: which there are, and which only look the same as one of those."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Set
from functools import cached_property

from sunwi.text import visible_form


class KnownIds(Set[str]):
    """A set of ids that also answers for ids of another form."""

    def __init__(self, identifiers: Iterable[str]) -> None:
        self._identifiers = dict.fromkeys(identifiers)

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._identifiers

    def __iter__(self) -> Iterator[str]:
        return iter(self._identifiers)

    def __len__(self) -> int:
        return len(self._identifiers)

    @cached_property
    def _by_form(self) -> dict[str, str]:
        return {visible_form(identifier): identifier for identifier in reversed(self._identifiers)}

    def like(self, identifier: str) -> str | None:
        """The id that looks the same as one that is not known."""
        return self._by_form.get(visible_form(identifier))

    def unknown(self, identifier: str) -> str:
        """An id that is not known, for a message; with the reason where one looks the same."""
        alike = self.like(identifier)
        return f"{identifier!r}" + ("" if alike is None else f" ({difference(identifier, alike)})")


def difference(identifier: str, other: str) -> str:
    """How an id differs from another that looks the same.

    Examples
    --------
    >>> difference("가\\u200b", "가")
    "it differs from '\\\\uac00' in characters that cannot be seen alone: '\\\\uac00\\\\u200b'; remove them"
    """
    if unicodedata.normalize("NFC", identifier) == unicodedata.normalize("NFC", other):
        how, step = "in Unicode normal form", "write both in NFC"
    else:
        how, step = "in characters that cannot be seen", "remove them"
    return f"it differs from {other!a} {how} alone: {identifier!a}; {step}"
