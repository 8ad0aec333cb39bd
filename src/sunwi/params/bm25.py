"""Section bm25."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, NonNegativeFloat, PositiveFloat

from sunwi.params.section import Section, Share

TokenizerName = Annotated[  # subword:MODEL
    str, Field(pattern=r"^(kiwi|kiwi\+bigram|whitespace|bigram|subword:.+)$")
]


class Bm25Params(Section):
    """Lexical search (Robertson & Zaragoza 2009; Lucene's form of the idf)."""

    tokenizer: TokenizerName = "kiwi+bigram"
    """kiwi+bigram, kiwi, whitespace, bigram, or subword:MODEL."""
    k1: NonNegativeFloat = 1.2
    """Term-frequency saturation."""
    b: Share = 0.75
    """Length normalisation."""
    bigram_weight: PositiveFloat = 0.2
    """Weight of a bigram beside a morpheme's 1, for kiwi+bigram."""
    expand: bool = False
    """Index each passage together with its synthetic questions (doc2query)."""
