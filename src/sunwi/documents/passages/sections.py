"""Sections: the blocks between two headings, with the path of headings above them and a key of their own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sunwi.documents.passages.layout import Placed

SEPARATOR = " > "  # between the headings of a title, the highest first
WITHIN = " < "  # the same, the nearest first
SLUG_CHARS = 40
_OTHER = re.compile(r"[\W_]+")
_NUMBER = re.compile(  # "1.", "2.1", "3)", "가."
    r"(?:\d{1,3}(?:[.-]\d{1,3})*[.)]|\d{1,3}(?:\.\d{1,3})+|[가나다라마바사아자차카타파하][.)])\s+"
)
_NAMELESS = re.compile(r"(?:sheet|slide|시트|슬라이드)[\s_-]*\d*", re.IGNORECASE)


@dataclass(slots=True)
class Section:
    """Blocks in reading order that share `part` (sheet or slide) and `headings`, highest first.

    `key` names it within its document: slugs of part and headings joined by "/", with "~2" behind the second
    section of the same slugs.
    """

    key: str
    part: str | None
    headings: tuple[str, ...]
    blocks: list[Placed] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The headings in one line; of a sheet without headings its name, if it was given one."""
        if self.headings or self.part is None or _NAMELESS.fullmatch(self.part):
            return SEPARATOR.join(self.headings)
        return self.part


def slug(text: str) -> str:
    """A heading as a part of an id: lower case, words joined by hyphens, without its number.

    Examples
    --------
    >>> slug("2.1. 보증 한도 (개인)")
    '보증-한도-개인'
    >>> slug("제3조(보증한도)"), slug("***")
    ('제3조-보증한도', 'section')
    """
    named = _OTHER.sub("-", _NUMBER.sub("", text, count=1) if _NUMBER.match(text) else text).strip("-")
    return named.lower()[:SLUG_CHARS].strip("-") or "section"


def split_sections(placed: Sequence[Placed]) -> list[Section]:
    """Cut at headings, and where a sheet or slide ends.

    A heading that no other block stands below, its own headings included, is a block of its section: its
    text is lost otherwise.
    """
    sections: list[Section] = []
    keys: Counter[str] = Counter()
    stack: list[tuple[int, str]] = []
    part: str | None = None
    current: Section | None = None
    for index, one in enumerate(placed):
        if one.block.part != part:
            part, stack, current = one.block.part, [], None
        if one.block.kind == "heading":
            level = max(one.block.level, 1)
            stack = [*(above for above in stack if above[0] < level), (level, " ".join(one.text.split()))]
            current = None
            if not _is_bare(placed, index):
                continue
        if current is None:
            current = _section(part, [text for _, text in stack], keys)
            sections.append(current)
        current.blocks.append(one)
    return sections


def _is_bare(placed: Sequence[Placed], index: int) -> bool:
    """Whether a heading is followed by the end of its part, or by a heading that is not below it."""
    heading = placed[index].block
    following = placed[index + 1].block if index + 1 < len(placed) else None
    if following is None or following.part != heading.part:
        return True
    return following.kind == "heading" and max(following.level, 1) <= max(heading.level, 1)


def _section(part: str | None, headings: list[str], keys: Counter[str]) -> Section:
    slugs = "/".join(slug(name) for name in _names(part, headings))
    keys[slugs] += 1
    again = f"~{keys[slugs]}" if keys[slugs] > 1 else ""
    return Section(slugs + again, part, tuple(headings))


def _names(part: str | None, headings: Iterable[str]) -> Iterator[str]:
    if part is not None:
        yield part
    yield from headings
