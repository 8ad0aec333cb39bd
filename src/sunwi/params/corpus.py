"""Section corpus: cleaning, chunks, duplicates."""

from __future__ import annotations

from pydantic import PositiveInt

from sunwi.params.section import Section, Share


class CorpusParams(Section):
    """Cleaning and chunking."""

    max_chars: PositiveInt = 1200
    """Longer passages are cut at sentence ends; each part keeps the id of its document."""
    near_duplicate: Share = 0.85
    """Near duplicates: estimated Jaccard similarity of character 5-grams from here on."""
