"""Section corpus: cleaning, chunks, duplicates."""

from __future__ import annotations

from sunwi.params.section import Count, Section, Share


class CorpusParams(Section):
    """Cleaning and chunking."""

    max_chars: Count = 1200  # longer passages are cut at sentence ends; the parent's docid is kept
    near_duplicate: Share = 0.85  # MinHash-estimated Jaccard of character 5-grams
