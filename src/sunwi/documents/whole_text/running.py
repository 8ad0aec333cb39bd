"""Running heads, feet and page numbers: lines at a page's edge that repeat there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

SHARE = 0.5  # of the pages, on which a running line stands
_NUMBERS = re.compile(r"\d+")
_ROMAN = re.compile(r"^[ivxlc]+$", re.IGNORECASE)
_PAGE_NUMBER = re.compile(
    r"[-–—\s]*(?:p(?:age|\.)?\s*)?#(?:\s*(?:/|of)\s*#)?\s*(?:쪽|페이지|면)?[-–—\s]*", re.IGNORECASE
)


def shape(text: str) -> str:
    """A line with its numbers as "#" and without spaces: what repeats from page to page.

    Examples
    --------
    >>> shape("- 12 -") == shape("- 7 -")
    True
    """
    squeezed = "".join(_NUMBERS.sub("#", text).split())
    return "#" if _ROMAN.match(squeezed) else squeezed


def is_page_number(text: str) -> bool:
    """Whether a line holds a page's number alone."""
    return bool(_PAGE_NUMBER.fullmatch(shape(text)))


def repeated(pages: Sequence[Iterable[Hashable]]) -> set[Hashable]:
    """Of the keys of the lines at each page's edge those that stand on at least two pages and half of them.

    A head that alternates between left and right pages stands on half.

    Examples
    --------
    >>> repeated([["규정", "본문 하나"], ["규정", "본문 둘"]])
    {'규정'}
    """
    counts = Counter(key for page in pages for key in set(page))
    least = max(2, int(SHARE * (len(pages) - 1)))  # a title page has none
    return {key for key, count in counts.items() if count >= least}
