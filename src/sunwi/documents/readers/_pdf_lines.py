"""Lines of a PDF's pages with their places, by pdfium: its spaces are right where dochan's may be lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sunwi.documents.readers._pdf_spaces import character_box, without_unseen, word_gap

_BREAKS = {0x0A, 0x0D}
_HYPHENS = {0x02, 0xFFFE}  # what pdfium puts for a hyphen at a line's end


@dataclass(frozen=True, slots=True)
class Line:
    """A line: `text` with a space at its end if the file has one; place and `size` in points, from below.

    `height` is that of the page; `bold` is a weight of at least 600.
    """

    page: int
    text: str
    left: float
    right: float
    bottom: float
    size: float
    bold: bool
    height: float


def page_lines(document: Any, number: int) -> list[Line]:
    """Lines of one page (`number` counts from 1) in the order of the file."""
    import pypdfium2.raw as pdfium

    page = document[number - 1]
    text = page.get_textpage()
    height = page.get_height()
    runs: list[list[tuple[int, int]]] = [[]]  # index and code of each character of a line
    try:
        for index in range(text.count_chars()):
            code = pdfium.FPDFText_GetUnicode(text, index)
            if code in _BREAKS:
                runs.append([])
            elif code:
                runs[-1].append((index, 0x2D if code in _HYPHENS else code))
        usual = word_gap(text, runs)
        shown = (without_unseen(text, run, usual) for run in runs)
        return [line for run in shown for line in _line(text, run, number, height)]
    finally:
        text.close()
        page.close()


def _line(text: Any, run: list[tuple[int, int]], page: int, height: float) -> Iterator[Line]:
    import pypdfium2.raw as pdfium

    content = "".join(map(_character, (code for _, code in run)))
    content = content.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    seen = [index for index, code in run if not _character(code).isspace()]
    if not content.strip() or not seen:
        return
    first, last = character_box(text, seen[0]), character_box(text, seen[-1])
    bold = pdfium.FPDFText_GetFontWeight(text, seen[0]) >= 600
    size = max(first[3] - first[1], 0.1)
    left, right = min(first[0], last[0]), max(first[2], last[2])
    yield Line(page, content.lstrip(), left, right, first[1], size, bold, height)


def _character(code: int) -> str:
    return chr(code) if code <= 0x10FFFF else "\ufffd"
