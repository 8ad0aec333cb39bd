"""Section qa: questions for the passages."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from sunwi.params.section import Count, NotNegative, Section, Share


class StyleShares(Section):
    """How often a style is drawn for a question that an LLM writes; the shares need not sum to 1."""

    factual: NotNegative = 0.3
    why_how: NotNegative = 0.25
    colloquial: NotNegative = 0.25
    scenario: NotNegative = 0.1
    keyword: NotNegative = 0.1

    @model_validator(mode="after")
    def _some_style(self) -> StyleShares:
        if not any(self.model_dump().values()):
            raise ValueError("all shares are 0: no style is left to ask for")
        return self


class QaParams(Section):
    """Synthetic questions."""

    provider: Literal["template", "given", "llm"] = "template"
    questions_per_document: Count = 3
    groups: list[Literal["safe", "medium", "keyword"]] = ["safe", "medium", "keyword"]
    style_shares: StyleShares = StyleShares()
    context_chars: Count = 1000  # of the passage, cut at a sentence end
    dev_share: Share = 0.2
    round_trip: Literal["bm25", "hybrid"] = "hybrid"
    round_trip_reranker: Literal["none", "late_interaction"] = "none"  # with round_trip: hybrid
    round_trip_depth: Count = 10
    exclude_judged_documents: bool = True  # documents with qrels never give train or dev questions
    near_copy: Share = 0.7  # bigram Jaccard with an evaluation query or a sibling question
    evaluation_cosine: Share = 0.93  # with an evaluation query, by the base encoder; needs round_trip: hybrid
    dev_negatives: Count = 7  # hard-negative contexts of a dev question
