"""Section corpus: cleaning, chunks, passages of documents, duplicates."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from sunwi.params.section import Name, Section, Share


class CorpusParams(Section):
    """Cleaning and chunking."""

    max_chars: PositiveInt = 1200
    """Longer passages are cut at sentence ends; each part keeps the id of its document."""
    near_duplicate: Share = 0.85
    """Near duplicates: estimated Jaccard similarity of character 5-grams from here on."""
    passage_tokens: Annotated[int, Field(ge=16)] = 240
    """Tokens of a document's passage with its title, by corpus.tokenizer; no sentence or table row is cut."""
    tokenizer: Name = "builtin/multilingual-e5-small"
    """Model whose tokenizer counts passage_tokens: another encoder.model renames no passage."""
    overlap_sentences: NonNegativeInt = 0
    """Sentences that a document's passage repeats from the end of the one before."""
    passage_title: Literal["nearest_first", "headings", "heading", "file_and_headings"] = "nearest_first"
    """A passage's title: the headings above it, nearest or highest first; the nearest; file name and all."""
