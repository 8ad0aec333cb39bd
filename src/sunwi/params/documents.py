"""Section documents: how files are read."""

from __future__ import annotations

from pydantic import PositiveFloat, PositiveInt

from sunwi.params.section import Section


class DocumentsParams(Section):
    """Reading of the files of data.documents, each in a process of its own with these bounds."""

    ocr: bool = False
    """Read scanned pages by tesseract (Debian: tesseract-ocr, tesseract-ocr-kor)."""
    seconds: PositiveFloat = 300.0
    """Seconds for one file at most."""
    memory_mb: PositiveInt = 4096
    """Memory for one file at most, in MiB."""
    processes: PositiveInt = 2
    """Files that are read at the same time."""
