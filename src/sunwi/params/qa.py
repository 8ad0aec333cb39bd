"""Section qa: questions for the passages."""

from __future__ import annotations

from typing import Literal

from pydantic import PositiveInt, model_validator

from sunwi.params.section import NonNegativeFloat, Section, Share


class StyleShares(Section):
    """How often a style is drawn for a question that an LLM writes; the shares need not sum to 1."""

    factual: NonNegativeFloat = 0.3
    why_how: NonNegativeFloat = 0.25
    colloquial: NonNegativeFloat = 0.25
    scenario: NonNegativeFloat = 0.1
    keyword: NonNegativeFloat = 0.1

    @model_validator(mode="after")
    def _some_style(self) -> StyleShares:
        if not any(self.model_dump().values()):
            raise ValueError("all shares are 0: no style is left to ask for")
        return self


class QaParams(Section):
    """Synthetic questions."""

    provider: Literal["template", "given", "llm"] = "template"
    questions_per_document: PositiveInt = 3
    groups: list[Literal["safe", "medium", "keyword"]] = ["safe", "medium", "keyword"]
    style_shares: StyleShares = StyleShares()
    context_chars: PositiveInt = 1000  # of the passage, cut at a sentence end
    dev_share: Share = 0.2
    round_trip: Literal["bm25", "hybrid"] = "hybrid"
    round_trip_reranker: Literal["none", "late_interaction"] = "none"  # with round_trip: hybrid
    round_trip_depth: PositiveInt = 10
    exclude_judged_documents: bool = True  # documents with qrels never give train or dev questions
    near_copy: Share = 0.7  # bigram Jaccard with an evaluation query or a sibling question
    evaluation_cosine: Share = 0.93  # with an evaluation query, by the base encoder; needs round_trip: hybrid
    dev_negatives: PositiveInt = 7  # hard-negative contexts of a dev question
