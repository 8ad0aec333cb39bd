"""Words that a line's end cut: joined, or spaced, by what Kiwi's language model finds likelier."""

from __future__ import annotations

import re
from functools import lru_cache

from sunwi.text import kiwi

CONTEXT = 12  # characters on each side that decide; more change nothing and take longer
SURE = 1.0  # nats by which one reading must be likelier; below, the line's end is a space
_HANGUL = re.compile(r"[가-힣]")
_SENTENCE_END = re.compile(r"[.?!,;:…。」』”’\"')\]]$")
_OPENING = re.compile(r"[(\[{“‘「『<《〈]$")
_CLOSING = re.compile(r"[)\]}”’」』>》〉,.;:?!%]")
_HYPHEN = re.compile(r"[A-Za-z][-\u2010\u00ad]$")
_LATIN = re.compile(r"[a-z]")


def join_lines(text: str) -> tuple[str, int, int]:
    """A block's text without line ends, how many words were joined, and how many ends were unsure.

    Examples
    --------
    >>> join_lines("신용보증재단은 소기업과 소상공인의 채\\n무를 보증하여")[0]
    '신용보증재단은 소기업과 소상공인의 채무를 보증하여'
    >>> join_lines("an exam-\\nple of words")[0]
    'an example of words'
    """
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines:
        return "", 0, 0
    whole, joined, unsure = lines[0], 0, 0
    for line in lines[1:]:
        left, right = whole.rstrip(), line.lstrip()
        if left != whole:  # the file has a space there
            whole = f"{left} {right}"
        elif _HYPHEN.search(left) and _LATIN.match(right):
            whole, joined = left[:-1] + right, joined + 1
        elif (space := _needs_space(left, right)) is None:
            whole, unsure = f"{left} {right}", unsure + 1
        else:
            whole = f"{left} {right}" if space else left + right
            joined += not space
    return whole, joined, unsure


def _needs_space(left: str, right: str) -> bool | None:
    """Whether a space belongs between two lines; None: not sure."""
    if _OPENING.search(left) or _CLOSING.match(right):
        return False
    if _SENTENCE_END.search(left):
        return True
    if not (_HANGUL.match(right) or (_HANGUL.match(left[-1]) and right[0].isalnum())):
        return True
    if not left[-1].isalnum():
        return True
    gain = _gain(_context(left[-CONTEXT:], first=True), _context(right[:CONTEXT], first=False))
    return None if abs(gain) < SURE else gain < 0


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
