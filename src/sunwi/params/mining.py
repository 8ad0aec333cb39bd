"""Section mining."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveInt, model_validator

from sunwi.params.section import NonNegativeFloat, PositiveFloat, Real, Section, Share


class MiningParams(Section):
    """Hard negatives: pool, teacher, false-negative rules, choice."""

    bm25_depth: PositiveInt = 50
    dense_depth: PositiveInt = 50
    negatives: PositiveInt = 7
    reranker: Annotated[str, Field(min_length=1)] = (
        "none"  # none | late_interaction | a cross-encoder's path or id
    )
    max_positive_share: Share = 0.95  # positive-aware rule of NV-Retriever (Moreira et al. 2024)
    max_score: Real | None = None  # a candidate at or above it may answer; in the teacher's units
    min_margin: NonNegativeFloat = 0.0  # to the positive, in the teacher's units
    max_positive_rank: PositiveInt | None = (
        None  # of a passage in the round trip of its question; below: left out
    )
    first_rank: PositiveInt = 1  # the window of the fused ranking that negatives may come from
    last_rank: PositiveInt = 60
    bm25_weight: NonNegativeFloat = 0.5  # of the fused z-scores that order the pool
    choice: Literal["top", "sample"] = "top"  # of the survivors in the window
    temperature: PositiveFloat = 1.0  # of the sample: low is the top, high a fair draw
    widen: PositiveInt = (
        2  # times both depths and the window's end, once, where survivors are too few; 1: never
    )
    fill: Literal["none", "random"] = "none"  # random: short rows are filled, and the filler is marked

    @model_validator(mode="after")
    def _window_is_open(self) -> MiningParams:
        if self.first_rank > self.last_rank:
            window = f"first_rank {self.first_rank} to last_rank {self.last_rank}"
            raise ValueError(f"the window from {window} is empty: no negative could be mined")
        return self
