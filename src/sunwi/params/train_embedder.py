"""Section train_embedder."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from sunwi.params.section import NonNegativeFloat, PositiveFloat, Section, Share


class TrainEmbedderParams(Section):
    """Embedder fine-tuning by FlagEmbedding; each option's source stands in docs/embedder.md."""

    enabled: bool = True
    method: Literal["dense", "m3", "decoder"] = "dense"  # decoder: last-token pooling and LoRA
    max_steps: NonNegativeInt = 24  # 0: by epochs
    epochs: PositiveFloat = 1.0
    batch_size: PositiveInt = 8
    group_size: Annotated[int, Field(ge=2)] = 4
    learning_rate: PositiveFloat = 2e-5
    schedule: Literal["linear", "cosine", "constant_with_warmup"] = "linear"
    warmup_steps: NonNegativeInt = 3
    layer_decay: Annotated[Share, Field(gt=0)] = 1.0  # each layer learns so much slower than the one above it
    temperature: PositiveFloat = 0.02
    query_max_length: PositiveInt = 48
    passage_max_length: PositiveInt = 192
    distill: bool = True  # the fused teacher scores are in the mined rows
    teacher_scale: PositiveFloat = 0.3
    guide_margin: NonNegativeFloat | None = None  # GISTEmbed; None: in-batch negatives are not masked
    matryoshka_dims: list[PositiveInt] = []
    style_shares: dict[str, NonNegativeFloat] = {}  # of the rows, by question style; none: rows as mined
    rounds: Annotated[int, Field(ge=1, le=3)] = 1  # 2: mine again with the tuned model, train again
    freeze_word_embeddings: bool = True
    freeze_layers: NonNegativeInt = 0  # of the lowest layers
    base_weights: list[Share] = [0.0, 0.5, 1.0]  # shares of the base tried when both are interpolated
    tolerance: NonNegativeFloat = 0.005  # what tuned may lose on dev (MRR) and still be promoted
    max_overlap: Share = 1.0  # train on questions with at most this overlap
    eval_steps: NonNegativeInt = (
        0  # dev evaluation every so many steps; 0: none, the last step's weights are kept
    )
    eval_questions: PositiveInt = 200  # low-overlap ones at most, and half as many of the others
    eval_corpus: PositiveInt = 2000  # above it the evaluation searches a pool of hard candidates
    patience: NonNegativeInt = 3  # evaluations without a gain until training stops; 0: never
    checkpoint_steps: NonNegativeInt = 100  # 0: none; with eval_steps each evaluation is a checkpoint
    sub_batch_size: NonNegativeInt = 0  # passages encoded at once, sorted by length; 0: all of a batch
    lora_r: PositiveInt = 32
    lora_alpha: PositiveInt = 64
    lora_dropout: Share = 0.05
    lora_target_modules: list[str] = ["query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"]
    num_processes: PositiveInt = 1  # of this machine, a GPU each; a step takes batch_size questions for each
    negatives_cross_device: bool = False  # of all processes: they train as one on one large batch
    bf16: bool = False
    fp16: bool = False
    tf32: bool = True  # on GPUs that have it
    gradient_checkpointing: bool = False

    @model_validator(mode="after")
    def _options_fit(self) -> TrainEmbedderParams:
        if self.guide_margin is not None and self.negatives_cross_device:
            raise ValueError("guide_margin masks one device's batch: switch negatives_cross_device off")
        if self.matryoshka_dims and self.method == "m3":
            raise ValueError("matryoshka_dims: FlagEmbedding has them for methods dense and decoder alone")
        if self.style_shares and not any(self.style_shares.values()):
            raise ValueError("style_shares are all 0: no row is left to train on")
        if self.bf16 and self.fp16:
            raise ValueError("bf16 and fp16 exclude each other")
        return self
