"""dochan's model of a document as blocks, in its order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from dochan.model.document import Document, Paragraph
from dochan.model.equation import Equation
from dochan.model.header_footer import Footnote, HeaderFooter
from dochan.model.image import Image
from dochan.model.table import Table

from sunwi.documents.blocks import Block
from sunwi.documents.readers._tables import table_block

LIST_MARK = re.compile(
    r"(?:[-–•·‣◦○●◎◇◆□■▪▶▷※∙*ㅇㆍ]|\(?\d{1,3}[.)]|\(?[가나다라마바사아자차카타파하][.)]|[①-⑳㉠-㉻])\s"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")  # a space in some fonts of a PDF
MAX_DEPTH = 32
# Properties of the file, a PDF's outline and its links stand in the model as if they were text.
_NOT_TEXT = ("docProps/", "\x05", "outline", "annots", "destination")


@dataclass(slots=True)
class Left:
    """What was left out of the text, and why a person may look."""

    heads: list[Block] = field(default_factory=list)
    comments: int = 0
    pictures: int = 0

    def warnings(self) -> list[str]:
        """Sentences for a person."""
        found = [(len(self.heads), "running heads and feet"), (self.comments, "comments")]
        return [f"{count} {what} were left out" for count, what in found if count]


@dataclass(frozen=True, slots=True)
class _Found:
    """A block, the numbers of the notes that it refers to, and its own number if it is a note."""

    block: Block
    notes: tuple[int, ...] = ()
    number: int = 0


def document_blocks(document: Document, *, marks: bool = False) -> tuple[list[Block], Left]:
    """All text of a document, notes after the paragraph of their mark; if there is none but heads, those.

    Parameters
    ----------
    marks
        Whether the marks of notes stay in the text.
    """
    left = Left()
    found: list[_Found] = []
    for section in document.sections:
        where = section.provenance
        reading = _Reading(getattr(where, "page", None), _part(where), marks, left)
        found.extend(reading.blocks(section.elements))
    if not found and left.heads:
        blocks, left.heads = left.heads, []
        return blocks, left
    return [one.block for one in _notes_placed(found)], left


def _notes_placed(found: list[_Found]) -> Iterator[_Found]:
    """Notes whose number is unique in the document come after the block that refers to it."""
    notes = {one.number: one for one in found if one.number}
    if len(notes) < sum(one.number > 0 for one in found):  # numbers start again: by section, by page
        notes = {}
    moved = {number for one in found for number in one.notes if number in notes}
    for one in found:
        if one.number and one.number in moved:
            continue
        yield one
        for number in one.notes:
            if number in moved:
                yield notes[number]
                moved.discard(number)


def _part(where: Any) -> str | None:
    if where is None:
        return None
    if where.slide:
        return f"slide {where.slide}"
    return str(where.sheet) if where.sheet else None


@dataclass(frozen=True, slots=True)
class _Reading:
    """Where the elements at hand stand, and what is left out of them."""

    page: int | None
    part: str | None
    marks: bool
    left: Left

    def blocks(self, elements: Iterable[Any], depth: int = 0) -> Iterator[_Found]:
        if depth > MAX_DEPTH:
            return
        for element in elements:
            if isinstance(element, Paragraph):
                yield from self._paragraph(element)
            elif isinstance(element, Table):
                yield from self._table(element, depth)
            elif isinstance(element, Equation):
                yield from self._block("equation", element.latex or element.script)
            elif isinstance(element, HeaderFooter):
                inner = _Reading(self.page, self.part, self.marks, Left())
                self.left.heads.extend(one.block for one in inner.blocks(element.paragraphs, depth + 1))
            elif isinstance(element, Footnote) and element.type == "comment":
                self.left.comments += 1
            elif isinstance(element, Footnote):
                yield from self._block("footnote", element.text, number=element.number)
            elif isinstance(element, Image):
                self.left.pictures += 1
                yield from self.blocks(element.caption, depth + 1)

    def _block(
        self, kind: str, text: str, level: int = 0, notes: tuple[int, ...] = (), number: int = 0
    ) -> Iterator[_Found]:
        if text := _CONTROLS.sub(" ", text).strip():
            fields = {"kind": kind, "text": text, "level": level, "page": self.page, "part": self.part}
            yield _Found(Block.model_validate(fields), notes, number)

    def _paragraph(self, paragraph: Paragraph) -> Iterator[_Found]:
        path = getattr(paragraph.provenance, "path", "") or ""
        if path.startswith(_NOT_TEXT):
            return
        notes = tuple(run.note_ref for run in paragraph.runs if run.note_ref)
        runs = [run for run in paragraph.runs if (self.marks or not run.note_ref) and not _is_target(run)]
        text = _CONTROLS.sub(" ", "".join(run.text for run in runs)).strip()
        if paragraph.heading_level:
            kind = "heading"
        elif len(runs) == 1 and runs[0].equation is not None:
            kind = "equation"
        else:
            kind = "list_item" if LIST_MARK.match(text) else "paragraph"
        yield from self._block(kind, text, paragraph.heading_level, notes)

    def _table(self, table: Table, depth: int) -> Iterator[_Found]:
        caption = list(self.blocks(table.caption, depth + 1))
        above = (table.caption_side or "BOTTOM").upper() in {"TOP", "LEFT"}
        yield from caption if above else ()
        cells = [cell for row in table.rows for cell in row if not cell.is_merged_away and cell.paragraphs]
        if len(cells) == 1:  # a box round text, as Korean forms have it
            yield from self.blocks(cells[0].paragraphs, depth + 1)
        else:
            rows = [
                ["" if cell.is_merged_away else _CONTROLS.sub(" ", cell.text) for cell in row]
                for row in table.rows
            ]
            if (block := table_block(rows, page=self.page, part=self.part)) is not None:
                yield _Found(block)
            for cell in cells:  # what dochan's text of a cell leaves out
                yield from self.blocks(
                    [one for one in cell.paragraphs if isinstance(one, Footnote)], depth + 1
                )
        yield from () if above else caption


def _is_target(run: Any) -> bool:
    """Whether a run is the mark of a link's target, which dochan writes into the text."""
    return getattr(run.provenance, "path", None) == "destination"
