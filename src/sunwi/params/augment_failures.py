"""Section augment_failures."""

from __future__ import annotations

from typing import Literal

from pydantic import NonNegativeInt, PositiveInt

from sunwi.params.section import Section


class AugmentFailuresParams(Section):
    """What a failure is turned into: paraphrases of its question, negatives that look alike."""

    provider: Literal["morphological", "llm"] = "morphological"
    paraphrases: NonNegativeInt = 3  # of a failure's question, at most
    negatives: PositiveInt = 3  # of a failure: the beating passage and its neighbours, or an LLM's
    passage_chars: PositiveInt = 1000  # of a passage in a prompt
