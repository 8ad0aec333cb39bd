"""Section augment_failures."""

from __future__ import annotations

from typing import Literal

from sunwi.params.section import Count, Section, Whole


class AugmentFailuresParams(Section):
    """What a failure is turned into: paraphrases of its question, negatives that look alike."""

    provider: Literal["morphological", "llm"] = "morphological"
    paraphrases: Whole = 3  # of a failure's question, at most
    negatives: Count = 3  # of a failure: the beating passage and its neighbours, or an LLM's
    passage_chars: Count = 1000  # of a passage in a prompt
