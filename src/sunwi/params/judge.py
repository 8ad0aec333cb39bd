"""Section judge: a language model as second judge of relevance."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, model_validator

from sunwi.params.llm import LlmParams
from sunwi.params.section import Name, Section


class JudgeParams(Section):
    """A language model as second judge: who, how well it must agree with people, and what it may change."""

    provider: Literal["none", "llm"] = "none"
    """Second judge of relevance: none, or llm (the model of section llm)."""
    model: Name | None = None
    """Model of the judge at llm.provider; null: llm.model. A model favours its own questions."""
    temperature: NonNegativeFloat | None = 0.0
    """Sampling temperature of the judge; null: not sent."""
    passage_chars: PositiveInt = 2000
    """Characters of a passage in the judge's prompt."""
    floor: Annotated[float, Field(ge=-1, le=1)] | None = 0.4
    """It judges if the 95% interval of its Cohen's kappa with people lies above this; null: always."""
    min_pairs: PositiveInt = 60
    """Pairs of dev or new queries that people graded, which that interval needs at least."""
    answers_from: Annotated[int, Field(ge=1, le=3)] = 2
    """Grade from which a passage answers."""
    false_negatives: Literal["ignore", "drop", "positive"] = "ignore"
    """Mined negatives that the judge grades as answering: not asked, left out, or made positives."""
    spare: NonNegativeInt = 3
    """Further negatives that are mined, in place of those that the judge takes out."""

    @model_validator(mode="after")
    def _somebody_judges(self) -> JudgeParams:
        if self.false_negatives != "ignore" and self.provider == "none":
            raise ValueError(
                f"false_negatives is {self.false_negatives}, but provider is none: set provider: llm"
            )
        return self

    def llm(self, settings: LlmParams) -> LlmParams:
        """Section llm with the judge's own model and temperature."""
        return settings.model_copy(
            update={"model": self.model or settings.model, "temperature": self.temperature}
        )
