"""Section data: the source folder."""

from __future__ import annotations

from sunwi.params.section import Section


class DataParams(Section):
    """Where the pipeline reads its input: a folder as `sunwi import` writes it."""

    source: str = "data/demo"
