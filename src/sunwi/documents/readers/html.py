"""HTML by lxml: headings, paragraphs, lists and tables in order; menus, feet and scripts are left out.

trafilatura, made for pages of news, drops headings of short pages and joins their paragraphs
(docs/results/document_readers.md), so a document's own marks decide here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sunwi.documents.blocks import Block
from sunwi.documents.reader import Extracted, Reader, ReadingFault
from sunwi.documents.readers._encodings import html_text
from sunwi.documents.readers._tables import table_block

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_UNSEEN = {
    "script", "style", "noscript", "template", "head", "svg", "iframe", "object", "select", "button",
    "input", "textarea", "canvas", "audio", "video",
}  # fmt: skip
_AROUND = {"nav", "aside", "footer"}  # menus and feet: counted, not read
_ROLES = {"navigation", "banner", "contentinfo", "complementary", "search"}
_BLOCKS = {
    "address", "article", "blockquote", "body", "center", "dd", "details", "dialog", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "form", "header", "hgroup", "hr", "html", "li", "main", "ol", "p",
    "pre", "section", "summary", "ul", *_HEADINGS,
}  # fmt: skip


def read(path: Path, ocr: bool) -> Extracted:  # noqa: ARG001  a reader's signature
    """Blocks of an HTML page.

    Raises
    ------
    ReadingFault
        If it has no text, or only in menus and scripts.
    """
    from lxml import html

    parser = html.HTMLParser(encoding="utf-8", huge_tree=False, remove_comments=True, remove_pis=True)
    page = html.document_fromstring(html_text(path).encode(), parser=parser)
    walk = _Walk()
    walk.enter(page)
    walk.end()
    if not walk.blocks:
        what = "it has no text"
        if walk.left:
            what = f"it has text only in menus and feet ({walk.left} of them)"
        raise ReadingFault(what, "open it in a browser and save the page as PDF: scripts may write its text")
    warnings = [f"{walk.left} menus, side bars and feet were left out"] if walk.left else []
    return Extracted(walk.blocks, warnings=warnings)


class _Walk:
    """Reads a tree in order, without recursion: hostile pages nest deeply."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.left = 0
        self._parts: list[str] = []
        self._kinds: list[tuple[str, int]] = [("paragraph", 0)]

    def enter(self, root: Any) -> None:
        steps: list[tuple[Any, str]] = [(root, "enter")]
        while steps:
            node, step = steps.pop()
            tag = node.tag if isinstance(node.tag, str) else ""
            if step == "leave":
                self._leave(tag)
            if step != "enter":
                self._parts.append(node.tail or "" if node is not root else "")
                continue
            if self._is_left_out(node, tag):
                steps.append((node, "pass"))
                continue
            steps.append((node, "leave"))
            if tag == "table" and _is_data(node):
                self.end()
                block = table_block(*_rows(node))
                self.blocks += [block] if block else []
                continue
            self._open(node, tag)
            steps.extend((child, "enter") for child in reversed(node))

    def end(self) -> None:
        """Close the block at hand."""
        text = " ".join("".join(self._parts).split())
        self._parts = []
        if text:
            kind, level = self._kinds[-1]
            self.blocks.append(Block.model_validate({"kind": kind, "text": text, "level": level}))

    def _is_left_out(self, node: Any, tag: str) -> bool:
        if tag in _UNSEEN or node.get("hidden") is not None or node.get("aria-hidden") == "true":
            return True
        if tag in _AROUND or node.get("role") in _ROLES:
            self.left += bool("".join(node.itertext()).strip())
            return True
        return not tag

    def _open(self, node: Any, tag: str) -> None:
        if tag in _BLOCKS or tag in {"tr", "td", "th"}:
            self.end()
        if tag in _HEADINGS:
            self._kinds.append(("heading", _HEADINGS[tag]))
        elif tag == "li":
            self._kinds.append(("list_item", 0))
        if tag == "br":
            self._parts.append(" ")
        if node.text:
            self._parts.append(node.text)
        if tag == "img" and (words := node.get("alt", "").strip()):
            self._parts.append(f" {words} ")

    def _leave(self, tag: str) -> None:
        if tag in _BLOCKS or tag in {"tr", "td", "th"}:
            self.end()
        if tag in _HEADINGS or tag == "li":
            self._kinds.pop()


def _is_data(table: Any) -> bool:
    """Whether a table holds data: one with a table or headings within lays out a page."""
    inner = next(table.iterdescendants("table", *_HEADINGS), None)
    return inner is None and any(len(list(_cells(row))) > 1 for row in table.iter("tr"))


def _rows(table: Any) -> tuple[list[list[str]]]:
    rows: list[list[str]] = []
    for row in table.iter("tr"):
        cells: list[str] = []
        for cell in _cells(row):
            cells.append(" ".join("".join(_texts(cell)).split()))
            span = cell.get("colspan", "1")
            cells += [""] * (min(int(span), 100) - 1 if span.isdecimal() else 0)
        rows.append(cells)
    return (rows,)


def _texts(cell: Any) -> Iterator[str]:
    for node in cell.iter():
        if isinstance(node.tag, str) and node.tag not in _UNSEEN:
            yield node.text or ""
        if node is not cell:
            yield (" " if node.tag in _BLOCKS or node.tag == "br" else "") + (node.tail or "")


def _cells(row: Any) -> Iterator[Any]:
    return (cell for cell in row if cell.tag in {"td", "th"})


READER = Reader(formats=frozenset({"html"}), read=read, rules="1", libraries=("lxml",))
