"""Section data: the folders that the pipeline reads."""

from __future__ import annotations

from sunwi.params.section import Name, Section


class DataParams(Section):
    """Where the pipeline reads its input: passages that `sunwi import` wrote, and files of any form."""

    source: Name = "data/demo"
    """Folder with your documents, as `sunwi import` writes it."""
    documents: Name = "data/documents"
    """Folder of HWP, PDF, Word and other files; the stage `read` reads them beside data.source."""
