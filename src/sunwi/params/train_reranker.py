"""Section train_reranker."""

from __future__ import annotations

from typing import Literal

from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from sunwi.params.section import Name, Section, Share


class TrainRerankerParams(Section):
    """LoRA on mined candidate lists: a cross-encoder, or the encoder's late interaction."""

    enabled: bool = True
    """Whether the reranker is trained."""
    method: Literal["cross_encoder", "late_interaction"] = "cross_encoder"
    """cross_encoder, or late_interaction (MaxSim of the promoted encoder)."""
    model: Name = "encoder"
    """Base of a cross-encoder: encoder (the promoted one with a fresh head), or an id or folder."""
    loss: Literal["listwise", "binary", "ranknet", "lambda", "distillation"] = "listwise"
    """Of a list; distillation learns the retriever's scores."""
    temperature: PositiveFloat | None = None
    """Scores in the loss are divided by it; null: 1, or 0.02 for late interaction."""
    retriever_weight: NonNegativeFloat = 0.0
    """Weight of the retriever's score that is added to the reranker's in the loss."""
    teacher_scale: PositiveFloat = 1.0
    """Scale of the retriever's scores where they are distilled."""
    max_steps: PositiveInt = 80
    """Training budget of the reranker in steps."""
    batch_size: PositiveInt = 3
    """Questions a step, each with its positive and its negatives."""
    negatives: PositiveInt = 4
    """Negatives of a question."""
    max_lists: NonNegativeInt = 0
    """Lists at most, those that the retriever decides least clearly; 0: all."""
    group_passages: bool = False
    """Late interaction: lists of one positive share a batch, so that each text runs once."""
    max_positive_share: NonNegativeFloat | None = None
    """Rule for false negatives; null: mining's; 2.0 lets in what beats the positive."""
    early_look: Share = 0.1
    """Share of the steps after which training ends if dev promises no blend weight; 0: no look."""
    early_look_chance: Share = 0.5
    """The look ends a training whose weight is above 0 in a smaller share of dev's bootstrap samples."""
    learning_rate: PositiveFloat = 2e-3
    """Peak learning rate."""
    max_length: PositiveInt = 224
    """Tokens of a query and a passage together."""
    lora_r: PositiveInt = 16
    """Rank of LoRA."""
    lora_alpha: PositiveInt = 32
    """Scale of LoRA."""
    lora_dropout: Share = 0.05
    """Dropout of LoRA."""
    lora_layers: NonNegativeInt = 0
    """Top layers that get LoRA; 0: all."""
    target_modules: list[Name] = ["query", "value"]
    """Modules that get LoRA."""
    modules_to_save: list[Name] = ["classifier", "pooler"]
    """Modules that are trained in full."""
    depth: PositiveInt = 15
    """Documents of a ranking that are re-ranked."""
    weights: list[NonNegativeFloat] = [0.0, 0.25, 0.5, 1.0, 2.0]
    """Weights of the reranker that are tried beside the retriever."""

    @property
    def loss_temperature(self) -> float:
        """What scores are divided by in the loss: cosines differ by hundredths, logits by units."""
        return self.temperature or (0.02 if self.method == "late_interaction" else 1.0)

    @model_validator(mode="after")
    def _loss_fits(self) -> TrainRerankerParams:
        if self.method == "late_interaction" and self.loss == "binary":
            raise ValueError("loss binary needs a head with a bias: method cross_encoder, or another loss")
        return self
