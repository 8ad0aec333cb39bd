"""What submissions and combinations have in common."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from sunwi.params.section import Section, Share

Rerank = Literal["none", "late_interaction", "late_interaction_tuned", "cross_encoder", "both"]


VariantName = Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]


class LlmRerank(Section):
    """Listwise re-ranking of the best documents by the model of section llm (RankGPT; Sun et al. 2023)."""

    top: Annotated[int, Field(ge=2, le=50)] = 10
    """Documents that the model sorts."""
    passage_chars: PositiveInt = 600
    """Characters of a passage in the prompt."""


class Tiebreak(Section):
    """The model of section llm compares the first two where the ranking is undecided, in both orders."""

    margin: Share = 0.05
    """Gap of the first two, as a share of the scores' spread over the first ten."""
    passage_chars: PositiveInt = 1000
    """Characters of a passage in the prompt."""


class Answering(Section):
    """An answer from the best passages with references, by the model of section llm."""

    passages: PositiveInt = 3
    """Passages that the answer is written from."""
    passage_chars: PositiveInt = 1000
    """Characters of a passage in the prompt."""


class Finishing(Section):
    """What every variant may do with its ranking: LLM steps, the chit-chat filter, the cut."""

    llm_rerank: LlmRerank | None = None
    """Sort the best documents by the model of section llm; {}: with its defaults."""
    tiebreak: Tiebreak | None = None
    """Let the model of section llm compare the first two where they are nearly even."""
    answer: Answering | None = None
    """Write an answer with references by the model of section llm."""
    k: PositiveInt = 3
    """Documents in the submission."""
    empty_filter: bool = True
    """Chit-chat gets an empty ranking."""

    @property
    def asks_llm(self) -> bool:
        """Whether the variant cannot be built without an LLM."""
        return any(step is not None for step in (self.llm_rerank, self.tiebreak, self.answer))
