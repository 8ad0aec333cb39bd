"""Section corpus: cleaning, chunks, duplicates."""

from __future__ import annotations

from pydantic import PositiveInt

from sunwi.params.section import Section, Share


class CorpusParams(Section):
    """Cleaning and chunking."""

    max_chars: PositiveInt = 1200  # longer passages are cut at sentence ends; the parent's docid is kept
    near_duplicate: Share = 0.85  # MinHash-estimated Jaccard of character 5-grams
