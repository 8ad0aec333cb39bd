"""Section query."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from sunwi.params.section import Section, Share


class QueryParams(Section):
    """Query understanding: by rules, or by the model of section llm with the rules behind it."""

    method: Literal["rules", "llm"] = "rules"
    chitchat_threshold: Share | None = None  # None: calibrated on the dev dialogues
    empty_ids: list[int | str] = []
    context_terms: NonNegativeInt = 8
    context: Literal["nouns", "turns"] = "turns"  # what of the earlier turns a follow-up is given
    variants: Annotated[int, Field(ge=0, le=3)] = 1  # of each query: keywords, concept, related question
    hyde_chars: PositiveInt = 300  # of a hypothetical document (HyDE) at most; an LLM alone writes one
