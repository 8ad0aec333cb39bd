"""PDF: structure by dochan, spaces, line ends and a second opinion by pdfium; scanned pages by tesseract."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sunwi.documents.blocks import Block
from sunwi.documents.reader import Extracted, Reader, ReadingFault
from sunwi.documents.readers._faults import AGAIN, OCR
from sunwi.documents.readers._pdf_lines import Line, page_lines
from sunwi.documents.readers._pdf_paragraphs import body_size, layout, paragraphs
from sunwi.documents.sniffing import PASSWORD
from sunwi.documents.whole_text.running import is_page_number, repeated, shape

MAX_STRUCTURED = 400  # pages: dochan takes some 0.1 s a page; longer files are read by pdfium alone
# What a browser prints around a page: its date and title, its address and number. One page repeats nothing.
_BROWSER = re.compile(r"^\d{1,4}[./-] ?\d{1,2}[./-] ?\d{1,4}\.?,? .{0,4}\d{1,2}:\d{2}|^[a-z]+://\S+ \d+/\d+$")
EDGE = 0.12  # of a page's height, within which running heads and feet stand


def read(path: Path, ocr: bool) -> Extracted:
    """Blocks of a PDF.

    Raises
    ------
    ReadingFault
        If it has a password, is damaged, or has no text.
    """
    with _opened(path) as document:
        pages, damaged = _pages(document)
        kept, running = without_running(pages)
        blocks, warnings = _blocks(path, kept, running)
        if damaged:
            warnings.append(f"{damaged} pages are damaged and were left out")
        if running:
            warnings.append(f"{len(running)} running heads, feet and page numbers were left out")
        empty = [number for number, lines in enumerate(pages, start=1) if not lines]
        if ocr and empty:
            from sunwi.documents.readers._ocr import scanned_blocks

            scanned = {number: scanned_blocks(document, number) for number in empty}
            blocks.extend(block for one in scanned.values() for block in one)
            blocks.sort(key=lambda block: block.page or 0)
            read_pages = sum(map(bool, scanned.values()))
            word = "pages" if read_pages != 1 else "page"
            warnings.append(f"{read_pages} {word} without text read by tesseract: look for wrong letters")
            empty = [number for number in empty if not scanned[number]]
        count = len(pages)
    if not blocks:
        word = "pages" if count != 1 else "page"
        done = " and tesseract finds none" if ocr else ""
        raise ReadingFault(
            f"{count:,} {word}, no text{done}: scanned?", OCR if not ocr else "look at the file"
        )
    if empty:
        listed = ", ".join(map(str, empty[:10])) + (", ..." if len(empty) > 10 else "")
        warnings.append(f"{len(empty)} of {count:,} pages have no text ({listed}): scanned? {OCR}")
    return Extracted(blocks, count, warnings, laid_out=True)


def _opened(path: Path) -> Any:
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise ReadingFault("it has a password", PASSWORD) from None
        raise ReadingFault(f"it is damaged ({error})", AGAIN) from None


def _pages(document: Any) -> tuple[list[list[Line]], int]:
    """The lines of each page, and how many pages cannot be opened."""
    import pypdfium2

    pages: list[list[Line]] = []
    damaged = 0
    for number in range(1, len(document) + 1):
        try:
            pages.append(page_lines(document, number))
        except pypdfium2.PdfiumError:
            pages.append([])
            damaged += 1
    return pages, damaged


def without_running(pages: list[list[Line]]) -> tuple[list[Line], list[Line]]:
    """All lines but those at a page's edge that repeat at the same height, and those that were left out."""
    keys = [[_key(line) for line in lines if _at_edge(line)] for lines in pages]
    found = repeated(keys) if len(pages) > 1 else set()
    kept: list[Line] = []
    running: list[Line] = []
    for line in (line for lines in pages for line in lines):
        gone = _at_edge(line) and (_key(line) in found or _BROWSER.search(line.text))
        (running if gone else kept).append(line)
    return kept, running


def _at_edge(line: Line) -> bool:
    return not EDGE * line.height < line.bottom < (1 - EDGE) * line.height


def _key(line: Line) -> tuple[str, int]:
    return ("#" if is_page_number(line.text) else shape(line.text), round(line.bottom / 4))


def _blocks(path: Path, lines: list[Line], running: list[Line]) -> tuple[list[Block], list[str]]:
    if not lines:
        return [], []
    pages = lines[-1].page
    if pages > MAX_STRUCTURED:
        what = f"more than {MAX_STRUCTURED} pages: read without headings and tables"
        return _plain(lines), [what]
    from sunwi.documents.readers._pdf_structure import structured

    found = structured(path, lines, running)
    return (
        (_plain(lines), ["its structure could not be read: no headings, no tables"])
        if found is None
        else found
    )


def _plain(lines: list[Line]) -> list[Block]:
    """Paragraphs by the lines' places, and headings by their size."""
    placed = layout(lines)
    body = body_size(lines)
    blocks = []
    for group in paragraphs(placed):
        first = lines[group[0]]
        large = first.size > 1.25 * body and len(group) <= 2
        text = "\n".join(lines[index].text for index in group)
        blocks.append(
            Block(kind="heading" if large else "paragraph", text=text, level=int(large), page=first.page)
        )
    return blocks


READER = Reader(formats=frozenset({"pdf"}), read=read, rules="1", libraries=("dochan", "pypdfium2"))
