"""Section mining."""

from __future__ import annotations

from typing import Literal

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from sunwi.params.section import Name, Section, Share


class MiningParams(Section):
    """Hard negatives: pool, teacher, false-negative rules, choice."""

    bm25_depth: PositiveInt = 50
    """Candidates from BM25."""
    dense_depth: PositiveInt = 50
    """Candidates from dense search."""
    negatives: PositiveInt = 7
    """Hard negatives of a train question."""
    reranker: Name = "none"
    """Teacher of the scores: none, late_interaction, or a cross-encoder's folder or id."""
    reranker_weight: NonNegativeFloat | None = None
    """Teacher: fused z-scores + this * the reranker's z-scores over the pool; null: the reranker alone."""
    max_positive_share: Share = 0.95
    """Negatives score at most this share of the positive (NV-Retriever, Moreira et al. 2024)."""
    max_score: float | None = None
    """Candidates with this teacher score or more may answer and are left out; null: no limit."""
    min_margin: NonNegativeFloat = 0.0
    """Negatives score at least so much below the positive, in the teacher's units."""
    max_positive_rank: PositiveInt | None = None
    """Questions whose round trip ranked their passage lower are left out; null: none."""
    first_rank: PositiveInt = 1
    """First rank of the fused ranking that negatives may come from."""
    last_rank: PositiveInt = 60
    """Last rank of the fused ranking that negatives may come from."""
    bm25_weight: NonNegativeFloat = 0.5
    """Weight of BM25 in the fused z-scores that order the candidates."""
    question_weight: NonNegativeFloat = 0.0
    """Weight of the question index in the same sum; 0: it is not searched."""
    choice: Literal["top", "sample"] = "top"
    """top: the highest candidates; sample: a seeded draw with the temperature."""
    temperature: PositiveFloat = 1.0
    """Of the sample: low is close to the top, high is close to a fair draw."""
    widen: PositiveInt = 2
    """Depths and window grow by this factor, once, where negatives are too few; 1: never."""
    fill: Literal["none", "random"] = "none"
    """Rows with too few negatives: left short, or filled with random passages that are marked."""

    @model_validator(mode="after")
    def _window_is_open(self) -> MiningParams:
        if self.first_rank > self.last_rank:
            window = f"first_rank {self.first_rank} to last_rank {self.last_rank}"
            raise ValueError(f"the window from {window} is empty: no negative could be mined")
        return self
