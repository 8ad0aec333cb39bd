"""HWP, HWPX, Word, PowerPoint and Excel by dochan."""

from __future__ import annotations

from pathlib import Path

from sunwi.documents.blocks import Block
from sunwi.documents.reader import Extracted, Reader
from sunwi.documents.readers._faults import check_hwp, check_package, no_text
from sunwi.documents.readers._tables import table_block

PACKAGES = {b"PK\x03\x04", b"PK\x05\x06"}


def read(path: Path, ocr: bool) -> Extracted:  # noqa: ARG001  a reader's signature; pictures are read in PDF alone
    """Blocks of an HWP or Office file.

    Raises
    ------
    ReadingFault
        If it gives no text, has a password, or would unpack to too much.
    """
    from dochan import Dochan

    from sunwi.documents.readers._dochan_blocks import document_blocks

    with path.open("rb") as file:
        package = file.read(4) in PACKAGES
    if package:
        check_package(path)
    document = Dochan(str(path)).doc
    if document.source_format == "xlsx" and any("limit" in error for error in document.errors):
        return Extracted(_large_sheets(path), warnings=["its sheets are large: cells alone were read"])
    blocks, left = document_blocks(document)
    if not blocks:
        if document.source_format == "hwp":
            check_hwp(path)
        raise no_text(document.errors, left.pictures)
    notes = [error.partition(":")[2].strip()[:200] for error in document.errors]
    hidden = sum(bool(getattr(one.provenance, "hidden", False)) for one in document.sections)
    if hidden:
        notes.append(f"{hidden} hidden sheets or slides were read too")
    return Extracted(blocks, None, [*left.warnings(), *dict.fromkeys(notes)])


def _large_sheets(path: Path) -> list[Block]:
    """All rows of a workbook, of which dochan reads 200 of a large sheet (a bound of elements)."""
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    blocks = []
    for sheet in book.worksheets:
        cells = sheet.iter_rows(values_only=True)
        rows = [["" if cell is None else str(cell) for cell in row] for row in cells]
        if (block := table_block(rows, part=sheet.title)) is not None:
            blocks.append(block)
    book.close()
    return blocks


READER = Reader(
    formats=frozenset({"hwp", "hwpx", "doc", "docx", "ppt", "pptx", "xls", "xlsx"}),
    read=read,
    rules="1",
    libraries=("dochan", "openpyxl"),
)
