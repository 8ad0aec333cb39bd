"""Section data: the source folder."""

from __future__ import annotations

from sunwi.params.section import Name, Section


class DataParams(Section):
    """Where the pipeline reads its input: a folder as `sunwi import` writes it."""

    source: Name = "data/demo"
    """Folder with your documents, as `sunwi import` writes it."""
