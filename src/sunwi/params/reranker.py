"""Sections of the reranker's stages: training, failures, their augmentation, the targeted stage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sunwi.params.section import Count, Level, NotNegative, Positive, Section, Share, Whole


class TrainRerankerParams(Section):
    """LoRA on mined candidate lists: a cross-encoder, or the encoder's late interaction."""

    enabled: bool = True
    method: Literal["cross_encoder", "late_interaction"] = "cross_encoder"
    model: str = "encoder"  # of a cross-encoder; "encoder" = the promoted embedder with a fresh head
    loss: Literal["listwise", "binary", "ranknet", "lambda", "distillation"] = "listwise"
    temperature: Positive | None = None  # scores in the loss are divided by it; None: 1, or 0.02 of MaxSim
    retriever_weight: NotNegative = 0.0  # of the retriever's score, added to the scores in the loss
    teacher_scale: Positive = 1.0  # of the retriever's scores where they are distilled
    max_steps: Count = 80
    batch_size: Count = 3  # questions a step, each with its positive and its negatives
    negatives: Count = 4
    max_lists: Whole = 0  # lists at most, those that the retriever decides least clearly; 0: all
    group_passages: bool = False  # late interaction: lists of one positive share a batch, each text runs once
    max_positive_share: NotNegative | None = None  # None: mining's; 2.0 lets in what beats the positive
    learning_rate: Positive = 2e-3
    max_length: Count = 224
    lora_r: Count = 16
    lora_alpha: Count = 32
    lora_dropout: Share = 0.05
    lora_layers: Whole = 0  # top layers that get an adapter; 0: all
    target_modules: list[str] = ["query", "value"]
    modules_to_save: list[str] = ["classifier", "pooler"]
    depth: Count = 15
    weights: list[NotNegative] = [0.0, 0.25, 0.5, 1.0, 2.0]

    @property
    def loss_temperature(self) -> float:
        """What scores are divided by in the loss: cosines differ by hundredths, logits by units."""
        return self.temperature or (0.02 if self.method == "late_interaction" else 1.0)

    @model_validator(mode="after")
    def _loss_fits(self) -> TrainRerankerParams:
        if self.method == "late_interaction" and self.loss == "binary":
            raise ValueError("loss binary needs a head with a bias: method cross_encoder, or another loss")
        return self


class CollectFailuresParams(Section):
    """Failure notes of the reranked dev lists; docs/reranker.md tells what each category means."""

    splits: Annotated[list[Literal["train", "dev"]], Field(min_length=1)] = ["dev"]
    near_topic: Share = 0.2  # Jaccard of two passages' morphemes from which they are of one topic


class AugmentFailuresParams(Section):
    """What a failure is turned into: paraphrases of its question, negatives that look alike."""

    provider: Literal["morphological", "llm"] = "morphological"
    paraphrases: Whole = 3  # of a failure's question, at most
    negatives: Count = 3  # of a failure: the beating passage and its neighbours, or an LLM's
    passage_chars: Count = 1000  # of a passage in a prompt


class TrainRerankerTargetedParams(Section):
    """A second stage on the failures, and the gate that it must pass."""

    enabled: bool = True
    start: Literal["continue", "merged"] = "continue"  # the same adapter, or a fresh one on the merged model
    max_steps: Count = 8
    learning_rate: Positive = 2e-4
    replay: NotNegative = 2.0  # solved questions mixed in, for each failure and each of its paraphrases
    evaluate_every: Count = 4
    patience: Count = 1
    stop_share: Share = 0.25  # of the documents: early stopping
    gate_share: Share = 0.35  # of the documents: the gate
    tolerance: Share = 0.0  # share of the solved questions that may be lost
    alpha: Level = 0.05

    @model_validator(mode="after")
    def _shares_fit(self) -> TrainRerankerTargetedParams:
        if self.stop_share + self.gate_share > 1:
            raise ValueError("stop_share and gate_share are shares of the same documents: 1 together at most")
        return self
