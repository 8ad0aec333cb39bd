"""Section query."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from sunwi.params.section import Section, Share


class QueryParams(Section):
    """Query understanding: by rules, or by the model of section llm with the rules behind it."""

    method: Literal["rules", "llm"] = "rules"
    """Who rewrites dialogues into queries: rules (no LLM), or llm with the rules as fallback."""
    chitchat_threshold: Share | None = None
    """Similarity from which a query counts as chit-chat; null: calibrated on the dev dialogues."""
    empty_ids: list[int | str] = []
    """Ids of queries that always get an empty ranking."""
    context_terms: NonNegativeInt = 8
    """Terms of the earlier turns that a follow-up gets at most."""
    context: Literal["nouns", "turns"] = "turns"
    """What a follow-up gets of the earlier user turns."""
    variants: Annotated[int, Field(ge=0, le=3)] = 1
    """Other wordings of each query: keywords, concept, related question (docs/submissions.md)."""
    hyde_chars: PositiveInt = 300
    """Characters of a hypothetical document (HyDE) at most; only an LLM writes one."""
