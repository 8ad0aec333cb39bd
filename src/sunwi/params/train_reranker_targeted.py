"""Section train_reranker_targeted."""

from __future__ import annotations

from typing import Literal

from pydantic import PositiveInt, model_validator

from sunwi.params.section import Level, NonNegativeFloat, PositiveFloat, Section, Share


class TrainRerankerTargetedParams(Section):
    """A second stage on the failures, and the gate that it must pass."""

    enabled: bool = True
    start: Literal["continue", "merged"] = "continue"  # the same adapter, or a fresh one on the merged model
    max_steps: PositiveInt = 8
    learning_rate: PositiveFloat = 2e-4
    replay: NonNegativeFloat = 2.0  # solved questions mixed in, for each failure and each of its paraphrases
    evaluate_every: PositiveInt = 4
    patience: PositiveInt = 1
    stop_share: Share = 0.25  # of the documents: early stopping
    gate_share: Share = 0.35  # of the documents: the gate
    tolerance: Share = 0.0  # share of the solved questions that may be lost
    alpha: Level = 0.05

    @model_validator(mode="after")
    def _shares_fit(self) -> TrainRerankerTargetedParams:
        if self.stop_share + self.gate_share > 1:
            raise ValueError("stop_share and gate_share are shares of the same documents: 1 together at most")
        return self
