"""The part of a passage that shows why it was found, with the query's morphemes marked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sunwi.errors import printable

Span = tuple[int, int]  # start and end of a match, in characters
Analysed = list[tuple[Span, frozenset[str]]]  # of one text


@dataclass(frozen=True, slots=True)
class Snippet:
    """A cut of one passage in one line, and where the matches stand in it."""

    text: str
    matches: list[Span]

    def marked(self, before: str = "[", after: str = "]") -> str:
        """The text with each match between two marks."""
        parts, position = [], 0
        for start, end in self.matches:
            parts += [self.text[position:start], before, self.text[start:end], after]
            position = end
        return "".join([*parts, self.text[position:]])


def find_matches(texts: Sequence[str], terms: Collection[str]) -> list[list[Span]]:
    """Where each text has an index term of the query, rising and apart from each other.

    By Kiwi's analysis, so an inflected stem is found where its form differs (걷다 in 걸었다).
    """
    return [matches_of(analysed, terms) for analysed in analyse(texts)]


def analyse(texts: Sequence[str]) -> list[Analysed]:
    """Where each text has which index terms."""
    from sunwi.text import content_morphemes, kiwi

    return [
        [
            ((token.start, token.start + token.len), frozenset(found))
            for token in tokens
            if (found := content_morphemes([token]))
        ]
        for tokens in kiwi().tokenize(list(texts))
    ]


def matches_of(analysed: Analysed, terms: Collection[str]) -> list[Span]:
    """Where an analysed text has one of the terms, rising and apart from each other."""
    wanted = set(terms)
    return _merged([span for span, found in analysed if wanted & found])


def cut(text: str, matches: Sequence[Span], width: int = 160) -> Snippet:
    """The stretch of at most `width` characters that holds most matches, the first of equal ones.

    It starts at a word, a little before its first match.

    Examples
    --------
    >>> cut("가나다 라마바 사아자 차카타", [(8, 11)], width=7).marked("<", ">")
    '…<사아자> 차카타'
    """
    starts = [0, *(_word_start(text, start, width // 6) for start, _ in matches)]
    inside = {start: sum(start <= a and b <= start + width for a, b in matches) for start in starts}
    start = max(starts, key=lambda begin: (inside[begin], -begin))
    start = _word_start(text, start, max(0, start + width - len(text)))  # at the end: no room is left unused
    end = min(len(text), start + width)
    flat = "".join(map(_shown, text[start:end]))
    head, tail = "…" if start else "", "…" if end < len(text) else ""
    shift = len(head) - start
    visible = [(a + shift, b + shift) for a, b in matches if start <= a and b <= end]
    return Snippet(head + flat + tail, visible)


def _shown(char: str) -> str:
    """One character for one: the spans of the matches count them."""
    return " " if char.isspace() else char if printable(char) == char else "\N{REPLACEMENT CHARACTER}"


def _word_start(text: str, match: int, before: int) -> int:
    """The first word that starts at most `before` characters ahead of a match, else the match itself."""
    start = max(0, match - before)
    while start < match and start > 0 and not text[start - 1].isspace():
        start += 1
    return start


def _merged(spans: Sequence[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif end > start:
            merged.append((start, end))
    return merged
