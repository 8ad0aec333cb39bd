"""Section query."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sunwi.params.section import Count, Section, Share, Whole


class QueryParams(Section):
    """Query understanding: by rules, or by the model of section llm with the rules behind it."""

    method: Literal["rules", "llm"] = "rules"
    chitchat_threshold: Share | None = None  # None: calibrated on the dev dialogues
    empty_ids: list[int | str] = []
    context_terms: Whole = 8
    context: Literal["nouns", "turns"] = "turns"  # what of the earlier turns a follow-up is given
    variants: Annotated[int, Field(ge=0, le=3)] = 1  # of each query: keywords, concept, related question
    hyde_chars: Count = 300  # of a hypothetical document (HyDE) at most; an LLM alone writes one
