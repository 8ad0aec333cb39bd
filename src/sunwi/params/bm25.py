"""Section bm25."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sunwi.params.section import NonNegativeFloat, PositiveFloat, Section, Share

TokenizerName = Annotated[  # subword:MODEL
    str, Field(pattern=r"^(kiwi|kiwi\+bigram|whitespace|bigram|subword:.+)$")
]


class Bm25Params(Section):
    """Lexical search (Robertson & Zaragoza 2009; Lucene's form of the idf)."""

    tokenizer: TokenizerName = "kiwi+bigram"
    k1: NonNegativeFloat = 1.2
    b: Share = 0.75
    bigram_weight: PositiveFloat = 0.2  # of tokenizer kiwi+bigram: what a bigram counts beside a morpheme's 1
    expand: bool = False  # doc2query: index each passage with its synthetic questions
