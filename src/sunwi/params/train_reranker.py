"""Section train_reranker."""

from __future__ import annotations

from typing import Literal

from pydantic import NonNegativeInt, PositiveInt, model_validator

from sunwi.params.section import NonNegativeFloat, PositiveFloat, Section, Share


class TrainRerankerParams(Section):
    """LoRA on mined candidate lists: a cross-encoder, or the encoder's late interaction."""

    enabled: bool = True
    method: Literal["cross_encoder", "late_interaction"] = "cross_encoder"
    model: str = "encoder"  # of a cross-encoder; "encoder" = the promoted embedder with a fresh head
    loss: Literal["listwise", "binary", "ranknet", "lambda", "distillation"] = "listwise"
    temperature: PositiveFloat | None = (
        None  # scores in the loss are divided by it; None: 1, or 0.02 of MaxSim
    )
    retriever_weight: NonNegativeFloat = 0.0  # of the retriever's score, added to the scores in the loss
    teacher_scale: PositiveFloat = 1.0  # of the retriever's scores where they are distilled
    max_steps: PositiveInt = 80
    batch_size: PositiveInt = 3  # questions a step, each with its positive and its negatives
    negatives: PositiveInt = 4
    max_lists: NonNegativeInt = 0  # lists at most, those that the retriever decides least clearly; 0: all
    group_passages: bool = False  # late interaction: lists of one positive share a batch, each text runs once
    max_positive_share: NonNegativeFloat | None = None  # None: mining's; 2.0 lets in what beats the positive
    learning_rate: PositiveFloat = 2e-3
    max_length: PositiveInt = 224
    lora_r: PositiveInt = 16
    lora_alpha: PositiveInt = 32
    lora_dropout: Share = 0.05
    lora_layers: NonNegativeInt = 0  # top layers that get an adapter; 0: all
    target_modules: list[str] = ["query", "value"]
    modules_to_save: list[str] = ["classifier", "pooler"]
    depth: PositiveInt = 15
    weights: list[NonNegativeFloat] = [0.0, 0.25, 0.5, 1.0, 2.0]

    @property
    def loss_temperature(self) -> float:
        """What scores are divided by in the loss: cosines differ by hundredths, logits by units."""
        return self.temperature or (0.02 if self.method == "late_interaction" else 1.0)

    @model_validator(mode="after")
    def _loss_fits(self) -> TrainRerankerParams:
        if self.method == "late_interaction" and self.loss == "binary":
            raise ValueError("loss binary needs a head with a bias: method cross_encoder, or another loss")
        return self
