"""Section qa: questions for the passages."""

from __future__ import annotations

from typing import Literal

from pydantic import NonNegativeFloat, PositiveInt, model_validator

from sunwi.params.section import Section, Share


class StyleShares(Section):
    """How often a style is drawn for a question that an LLM writes; the shares need not sum to 1."""

    factual: NonNegativeFloat = 0.3
    """Share of questions for a fact."""
    why_how: NonNegativeFloat = 0.25
    """Share of why and how questions."""
    colloquial: NonNegativeFloat = 0.25
    """Share of questions in spoken language."""
    scenario: NonNegativeFloat = 0.1
    """Share of questions from a situation."""
    keyword: NonNegativeFloat = 0.1
    """Share of keyword queries."""

    @model_validator(mode="after")
    def _some_style(self) -> StyleShares:
        if not any(self.model_dump().values()):
            raise ValueError("all shares are 0: no style is left to ask for")
        return self


class QaParams(Section):
    """Synthetic questions."""

    @property
    def indexed(self) -> int:
        """Questions of a passage that the question index wants."""
        return max(self.questions_per_document, self.index_questions_per_document or 0)

    provider: Literal["template", "given", "llm"] = "template"
    """Who writes the training questions: template (no LLM), llm, or given (questions.jsonl of the source)."""
    questions_per_document: PositiveInt = 3
    """Questions a passage."""
    index_questions_per_document: PositiveInt | None = None
    """Questions a passage in the question index, those that train among them; null: as many as train."""
    index_evaluation_lookalikes: bool = True
    """Questions close to an evaluation query are searched; they never train and are never dev."""
    groups: list[Literal["safe", "medium", "keyword"]] = ["safe", "medium", "keyword"]
    """Template groups; medium and keyword are less certain than safe."""
    style_shares: StyleShares = StyleShares()
    """Question styles that an LLM is asked for; the shares need not sum to 1."""
    context_chars: PositiveInt = 1000
    """Characters of the passage in a prompt, cut at a sentence end."""
    dev_share: Share = 0.2
    """Share of the documents whose questions are for dev."""
    round_trip: Literal["bm25", "hybrid"] = "hybrid"
    """Search that must find the passage of each question again: BM25 alone, or BM25 and dense."""
    round_trip_reranker: Literal["none", "late_interaction"] = "none"
    """Reranker of the round trip; needs round_trip: hybrid."""
    round_trip_depth: PositiveInt = 10
    """Rank at which the round trip must find the passage, at the lowest."""
    exclude_judged_documents: bool = True
    """Documents with judgements (qrels) give no train or dev questions."""
    near_copy: Share = 0.7
    """Questions this close to an evaluation query or another question are rejected (bigram Jaccard)."""
    evaluation_cosine: Share = 0.93
    """Questions this close to an evaluation query by the base encoder are rejected (needs hybrid)."""
    dev_negatives: PositiveInt = 7
    """Hard-negative passages of a dev question."""
