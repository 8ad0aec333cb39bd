"""Words that a line's end cut: joined, or spaced, by what Kiwi's language model finds likelier."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from sunwi.text import kiwi

CONTEXT = 12  # characters on each side that decide; more change nothing and take longer
SURE = 1.0  # nats by which the word must be likelier whole; below, the line's end is a space
_HANGUL = re.compile(r"[가-힣]")
_SENTENCE_END = re.compile(r"[.?!,;:…。」』”’\"')\]]$")
_OPENING = re.compile(r"[(\[{“‘「『<《〈]$")
_CLOSING = re.compile(r"[)\]}”’」』>》〉,.;:?!%]")
_HYPHEN = re.compile(r"[A-Za-z][-\u2010\u00ad]$")
_LATIN = re.compile(r"[a-z]")


def join_lines(text: str) -> tuple[str, int]:
    """A block's text without line ends, and how many words were joined.

    Examples
    --------
    >>> join_lines("신용보증재단은 소기업과 소상공인의 채\\n무를 보증하여")
    ('신용보증재단은 소기업과 소상공인의 채무를 보증하여', 1)
    >>> join_lines("an exam-\\nple of words")
    ('an example of words', 1)
    """
    lines = [line for line in text.split("\n") if line.strip()]
    parts, joined = lines[:1], 0
    for before, line in pairwise(
        lines
    ):  # a line decides with its neighbour alone: files have 300,000 of them
        left, right = before.rstrip(), line.lstrip()
        if _HYPHEN.search(left) and _LATIN.match(right):
            parts[-1], joined = parts[-1].rstrip()[:-1], joined + 1
            parts.append(right)
        elif left != before or _needs_space(left, right):  # the file itself may have a space there
            parts[-1] = parts[-1].rstrip()
            parts += [" ", right]
        else:
            parts.append(right)
            joined += 1
    return "".join(parts), joined


def _needs_space(left: str, right: str) -> bool:
    """Whether a space belongs between two lines, so far as is sure that none does."""
    if _OPENING.search(left) or _CLOSING.match(right):
        return False
    if _SENTENCE_END.search(left) or not left[-1].isalnum():
        return True
    if not (_HANGUL.match(right) or (_HANGUL.match(left[-1]) and right[0].isalnum())):
        return True
    gain = _gain(_context(left[-CONTEXT:], first=True), _context(right[:CONTEXT], first=False))
    return gain < SURE


def _context(text: str, *, first: bool) -> str:
    """The text without a part of a word at its far end."""
    words = text.split()
    if len(words) > 2 and len(text) == CONTEXT:
        words = words[1:] if first else words[:-1]
    return " ".join(words)


@lru_cache(maxsize=65_536)
def _gain(left: str, right: str) -> float:
    """How much likelier the two are without a space than with one, in nats."""
    (whole,), (spaced,) = kiwi().analyze(left + right), kiwi().analyze(f"{left} {right}")
    return float(whole[1] - spaced[1])
