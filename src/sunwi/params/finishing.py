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
    passage_chars: PositiveInt = 600


class Tiebreak(Section):
    """The model of section llm compares the first two where the ranking is undecided, in both orders."""

    margin: Share = 0.05  # gap of the first two, as a share of the scores' spread over the first ten
    passage_chars: PositiveInt = 1000


class Answering(Section):
    """An answer from the best passages with references, by the model of section llm."""

    passages: PositiveInt = 3
    passage_chars: PositiveInt = 1000


class Finishing(Section):
    """What every variant may do with its ranking: LLM steps, the chit-chat filter, the cut."""

    llm_rerank: LlmRerank | None = None
    tiebreak: Tiebreak | None = None
    answer: Answering | None = None
    k: PositiveInt = 3
    empty_filter: bool = True  # chit-chat gets an empty topk

    @property
    def asks_llm(self) -> bool:
        """Whether the variant cannot be built without an LLM."""
        return any(step is not None for step in (self.llm_rerank, self.tiebreak, self.answer))
