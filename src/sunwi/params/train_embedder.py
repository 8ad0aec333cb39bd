"""Section train_embedder."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from sunwi.params.section import Name, Section, Share

Head = Literal["dense", "lexical", "colbert"]
HEADS: tuple[Head, ...] = ("dense", "lexical", "colbert")


class TrainEmbedderParams(Section):
    """Embedder fine-tuning by FlagEmbedding; the source of each option is in docs/embedder.md."""

    enabled: bool = True
    """Whether the encoder is tuned; if not, the base encoder is used."""
    method: Literal["dense", "m3", "decoder"] = "dense"
    """dense; m3 (dense, lexical and ColBERT heads, for BAAI/bge-m3); decoder (last token, LoRA)."""
    heads: Annotated[list[Head], Field(min_length=1)] = list(HEADS)
    """Heads of method m3 that are trained; the others keep their weights and have no loss."""
    max_steps: NonNegativeInt = 24
    """Training budget of the encoder in steps; 0: by epochs."""
    epochs: PositiveFloat = 1.0
    """Passes over the questions; read where max_steps is 0."""
    batch_size: PositiveInt = 8
    """Questions a step."""
    group_size: Annotated[int, Field(ge=2)] = 4
    """Passages a question: one positive, the rest negatives."""
    learning_rate: PositiveFloat = 2e-5
    """Peak learning rate."""
    schedule: Literal["linear", "cosine", "constant_with_warmup"] = "linear"
    """Learning rate after the warm-up."""
    warmup_steps: NonNegativeInt = 3
    """Steps until the peak learning rate."""
    layer_decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Factor of the learning rate from one layer to the layer below; 1: the same for all."""
    temperature: PositiveFloat = 0.02
    """Of the contrastive loss."""
    hardness_mode: Literal["in_batch_negatives", "hard_negatives", "all_negatives"] | None = None
    """Negatives that weigh more in the contrastive loss the higher they score (not m3); null: none."""
    hardness_strength: PositiveFloat = 5.0
    """Of hardness_mode: this much of a negative's cosine is added to its score."""
    query_max_length: PositiveInt = 48
    """Tokens of a query in training."""
    passage_max_length: PositiveInt = 192
    """Tokens of a passage in training."""
    distill: bool = True
    """Learn the teacher scores of the mined rows, too."""
    distill_loss: Literal["kl_div", "adr_mse"] = "kl_div"
    """How: by the softmax of the scores, or by their ranks, the first places above all."""
    teacher_scale: PositiveFloat = 0.3
    """Scale of the teacher scores; ranks have none."""
    guide_margin: NonNegativeFloat | None = None
    """Mask in-batch passages that the base scores above the positive by this cosine; null: none."""
    matryoshka_dims: list[PositiveInt] = []
    """Shorter dimensions that are trained as well, such as [64, 128]."""
    style_shares: dict[str, NonNegativeFloat] = {}
    """Shares of the question styles, such as {factual: 0.4, keyword: 0.2}; {}: rows as mined."""
    seeds: PositiveInt = 1
    """Trainings with seeds of their own; their weights are averaged before the mixtures with the base."""
    rounds: Annotated[int, Field(ge=1, le=3)] = 1
    """2: mine negatives again with the tuned encoder and train again."""
    freeze_word_embeddings: bool = True
    """Keep the word embeddings as they are: less memory."""
    freeze_layers: NonNegativeInt = 0
    """Lowest layers that stay as they are."""
    base_weights: list[Share] = [0.0, 0.5, 1.0]
    """Shares of the base in the mixtures that are tried; 1.0 is the base itself."""
    tolerance: NonNegativeFloat = 0.005
    """MRR that a tuned encoder may lose on dev, alone or fused, and still be promoted."""
    max_overlap: Share = 1.0
    """Train on questions that copy at most this share of their passage."""
    eval_steps: NonNegativeInt = 0
    """Steps between dev evaluations, with the best checkpoint kept and early stopping; 0: none."""
    eval_questions: PositiveInt = 200
    """Low-overlap dev questions of an evaluation at most, and half as many others."""
    eval_corpus: PositiveInt = 2000
    """With more passages an evaluation searches a pool of hard candidates."""
    patience: NonNegativeInt = 3
    """Evaluations without a gain until training stops; 0: never."""
    checkpoint_steps: NonNegativeInt = 100
    """Steps between checkpoints; 0: none. With eval_steps each evaluation is one."""
    sub_batch_size: NonNegativeInt = 0
    """Passages that are encoded at once, sorted by length; 0: the whole batch."""
    lora_r: PositiveInt = 32
    """Rank of LoRA, for method decoder."""
    lora_alpha: PositiveInt = 64
    """Scale of LoRA."""
    lora_dropout: Share = 0.05
    """Dropout of LoRA."""
    lora_target_modules: list[Name] = ["query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"]
    """Modules that get LoRA; these are GPT-NeoX's names."""
    num_processes: PositiveInt = 1
    """Processes on this machine, one GPU each; each takes batch_size questions a step."""
    negatives_cross_device: bool = False
    """Use the passages of all processes as negatives."""
    bf16: bool = False
    """Train in bfloat16 (Ampere or newer)."""
    fp16: bool = False
    """Train in float16."""
    tf32: bool = True
    """Use TF32 on GPUs that have it."""
    gradient_checkpointing: bool = False
    """Less memory for activations, more time."""

    @model_validator(mode="after")
    def _options_fit(self) -> TrainEmbedderParams:
        if self.guide_margin is not None and self.negatives_cross_device:
            raise ValueError("guide_margin masks one device's batch: switch negatives_cross_device off")
        if self.matryoshka_dims and self.method == "m3":
            raise ValueError("matryoshka_dims: FlagEmbedding has them for methods dense and decoder alone")
        if len(set(self.heads)) < len(self.heads):
            raise ValueError("heads names one twice: name each once")
        if self.method != "m3" and set(self.heads) != set(HEADS):
            raise ValueError("heads chooses among method m3's heads: set method: m3, or leave heads out")
        if self.method == "m3" and self.hardness_mode:
            raise ValueError(
                "hardness_mode weighs cosines: set method dense or decoder, or hardness_mode: null"
            )
        if self.distill_loss == "adr_mse" and self.method == "m3":
            raise ValueError("distill_loss: M3's heads are distilled by kl_div alone")
        if self.style_shares and not any(self.style_shares.values()):
            raise ValueError("style_shares are all 0: no row is left to train on")
        if self.bf16 and self.fp16:
            raise ValueError("bf16 and fp16 exclude each other")
        return self
