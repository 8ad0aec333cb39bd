"""Spaces that pdfium gives and that the page does not show, as word processors' PDF files have them."""

from __future__ import annotations

import ctypes
import statistics
from collections.abc import Iterator, Sequence
from typing import Any

Box = tuple[float, float, float, float]  # left, bottom, right, top
Run = Sequence[tuple[int, int]]  # index and code of each character of a line
_SPACE = 0x20
_NONE = 0.08  # of the font's size: a gap that nobody sees
_NARROW = 0.7  # of the gap between Korean words: what Word and Writer put between Hangul and Latin letters


def character_box(text: Any, index: int) -> Box:
    """Left, bottom, right, top of a character with its font's full height; zeros if pdfium has none."""
    import pypdfium2.raw as pdfium

    box = pdfium.FS_RECTF()
    if not pdfium.FPDFText_GetLooseCharBox(text, index, ctypes.byref(box)):
        return 0.0, 0.0, 0.0, 0.0
    return box.left, box.bottom, box.right, box.top


def word_gap(text: Any, runs: Sequence[Run]) -> float:
    """The median gap between two Korean words of a page, in font sizes; 0 if it has none."""
    gaps = [
        gap
        for run in runs
        for before, _, after, gap in _spaces(text, run)
        if gap is not None and _is_hangul(before) and _is_hangul(after)
    ]
    return statistics.median(gaps) if gaps else 0.0


def without_unseen(text: Any, run: Run, usual: float) -> list[tuple[int, int]]:
    """A line without the spaces that are drawn elsewhere in it, have no room, or part two scripts.

    Parameters
    ----------
    usual
        The page's `word_gap`.
    """
    import pypdfium2.raw as pdfium

    gone = set(_drawn_before(text, run))
    for before, index, after, gap in _spaces(text, run):
        made = pdfium.FPDFText_IsGenerated(text, index) == 1
        if gap is None:
            continue
        between = _is_hangul(before) != _is_hangul(after) and chr(before).isalnum() and chr(after).isalnum()
        if gap < _NONE or (made and between and gap < _NARROW * usual):
            gone.add(index)
    return [one for one in run if one[0] not in gone]


def _drawn_before(text: Any, run: Run) -> Iterator[int]:
    """A space at the line's end that stands left of the character before it: its place is another one."""
    if len(run) > 1 and run[-1][1] == _SPACE:
        space, last = character_box(text, run[-1][0]), character_box(text, run[-2][0])
        if space[2] <= last[0] and abs(space[1] - last[1]) < 0.5 * (last[3] - last[1]):
            yield run[-1][0]


def _spaces(text: Any, run: Run) -> Iterator[tuple[int, int, int, float | None]]:
    """Code before, index, code after, and gap of each single space within a line; None: no such gap."""
    for at in range(1, len(run) - 1):
        (left_index, left), (index, code), (right_index, right) = run[at - 1 : at + 2]
        if code != _SPACE or _SPACE in {left, right}:
            continue
        one, other = character_box(text, left_index), character_box(text, right_index)
        size = one[3] - one[1]
        level = size > 0 and abs(one[1] - other[1]) < 0.5 * size
        gap = (other[0] - one[2]) / size if level else None
        yield left, index, right, gap if gap is not None and gap > -0.5 else None


def _is_hangul(code: int) -> bool:
    return 0xAC00 <= code <= 0xD7A3
