"""Section train_reranker_targeted."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from sunwi.params.section import Level, Section, Share


class TrainRerankerTargetedParams(Section):
    """A second stage on the failures, and the gate that it must pass."""

    enabled: bool = True
    """Whether the reranker is trained once more, on its failures."""
    start: Literal["continue", "merged"] = "continue"
    """continue: the same adapter; merged: a fresh adapter on the merged model."""
    max_steps: PositiveInt = 8
    """Training budget of this second stage in steps."""
    learning_rate: PositiveFloat = 2e-4
    """Peak learning rate."""
    replay: NonNegativeFloat = 2.0
    """Solved questions mixed in for each failure and each of its paraphrases."""
    failure_weight: PositiveInt = 1
    """How often each failed list stands among the training lists, beside once for a replayed one."""
    folds: Annotated[int, Field(ge=0)] = 0
    """Folds of the dev documents that judge the stage, a training each and one more; 0: a gate part."""
    evaluate_every: PositiveInt = 4
    """Steps between evaluations."""
    patience: PositiveInt = 1
    """Evaluations without a gain until training stops."""
    stop_share: Share = 0.25
    """Share of the dev documents for early stopping."""
    gate_share: Share = 0.35
    """Share of the dev documents for the gate."""
    tolerance: Share = 0.0
    """Share of the solved questions that may be lost."""
    alpha: Level = 0.05
    """Significance level of the gate's paired test."""

    @model_validator(mode="after")
    def _shares_fit(self) -> TrainRerankerTargetedParams:
        if self.stop_share + self.gate_share > 1:
            raise ValueError("stop_share and gate_share are shares of the same documents: 1 together at most")
        if self.folds == 1:
            raise ValueError("folds is 1, which leaves no other fold to train on: set 0, or 2 or more")
        return self
