"""Section augment_failures."""

from __future__ import annotations

from typing import Literal

from pydantic import NonNegativeInt, PositiveInt

from sunwi.params.section import Section


class AugmentFailuresParams(Section):
    """What a failure is turned into: paraphrases of its question, negatives that look alike."""

    provider: Literal["morphological", "llm"] = "morphological"
    """Who paraphrases the failures: morphological (no LLM), or llm."""
    paraphrases: NonNegativeInt = 3
    """Paraphrases of a failed question at most."""
    negatives: PositiveInt = 3
    """Negatives of a failure: the passage that won and its neighbours, or an LLM's."""
    passage_chars: PositiveInt = 1000
    """Characters of a passage in a prompt."""
