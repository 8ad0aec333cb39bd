"""Which lines are one paragraph: the same size and edge, one below the other, the upper one full."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sunwi.documents.readers._dochan_blocks import LIST_MARK
from sunwi.documents.readers._pdf_lines import Line

_SENTENCE_END = re.compile(r"[.?!:。…][\"'”’)\]]*\s*$")
_OPEN = re.compile(r"[가-힣]$")
_CUT_WORD = re.compile(r"[가-하]\. ")  # "다. " may end a sentence of the line above
_SLACK = 2.2  # characters that a full line may end before its column: a word of Korean text is not longer
_GAP = 1.15  # line heights from one line to the next, beyond which a new paragraph begins
_LEAST, _FULL = 4, 0.6  # lines of a column, and the share of them that end at its edge: a list's do not
_RUN = 1.75  # line heights from one line of a column to the next
_HEADING_SIZE = 1.08  # of the body's size: a heading is larger, or bold
_SAME = 0.06  # share by which sizes of one font may differ


@dataclass(frozen=True, slots=True)
class Layout:
    """Lines with the right edge of each one's column, in points."""

    lines: Sequence[Line]
    edges: Sequence[float]

    def continues(self, upper: int, lower: int) -> bool:
        """Whether line `lower` continues the paragraph of line `upper`, which was read just before it."""
        above, below = self.lines[upper], self.lines[lower]
        if abs(above.size - below.size) > _SAME * above.size or above.bold != below.bold:
            return False
        if LIST_MARK.match(below.text) and not (_CUT_WORD.match(below.text) and _OPEN.search(above.text)):
            return False
        full = self.edges[upper] - above.right <= _SLACK * above.size
        step = above.bottom - below.bottom
        if above.page == below.page and 0 < step <= (1 + _GAP) * above.size:
            indent = below.left - above.left
            return full and -3.5 * above.size <= indent <= 0.6 * above.size + (step < 0)
        # the next column or page: only an open sentence goes on
        return full and not _SENTENCE_END.search(above.text)


def layout(lines: Sequence[Line]) -> Layout:
    """Lines in reading order with the edges of their columns: the rightmost of the lines that run on."""
    edges: list[float] = []
    start = 0
    for end in range(1, len(lines) + 1):
        if end < len(lines) and _runs_on(lines[end - 1], lines[end]):
            continue
        run = range(start, end)
        edge = max(lines[index].right for index in run)
        full = sum(edge - lines[index].right <= _SLACK * lines[index].size for index in run)
        column = len(run) >= _LEAST and full >= _FULL * (len(run) - 1)
        edges.extend(edge if column else max(edge, _near(lines, index)) for index in run)
        start = end
    return Layout(lines, edges)


def _runs_on(above: Line, below: Line) -> bool:
    step = above.bottom - below.bottom
    return (
        above.page == below.page
        and 0 < step <= _RUN * above.size
        and abs(above.left - below.left) <= 4 * above.size
        and abs(above.size - below.size) <= _SAME * above.size
    )


def _near(lines: Sequence[Line], index: int) -> float:
    """The right edge of the lines around a lone one that overlap it."""
    line = lines[index]
    return max(
        other.right
        for other in lines[max(0, index - 30) : index + 31]
        if other.page == line.page
        and other.left <= line.right
        and line.left <= other.right
        and abs(other.left - line.left) <= 4 * line.size
    )


def paragraphs(placed: Layout) -> list[list[int]]:
    """Indices of the lines of each paragraph, for a file whose structure is not known."""
    groups: list[list[int]] = []
    for index in range(len(placed.lines)):
        if groups and placed.continues(groups[-1][-1], index):
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def body_size(lines: list[Line]) -> float:
    """The size of most characters, in points."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size, 1)] += len(line.text)
    return max(sizes, key=lambda size: (sizes[size], -size), default=1.0)


def is_heading(line: Line, body: float) -> bool:
    """Whether a line looks like a heading."""
    return line.bold or line.size > _HEADING_SIZE * body
