"""Section sparse: neural sparse retrieval."""

from __future__ import annotations

from typing import Literal

from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from sunwi.params.section import Name, Section, Share


class SparseParams(Section):
    """Neural sparse retrieval: SPLADE-max (Formal et al. 2021) over a restricted vocabulary."""

    enabled: bool = False
    """Whether a neural sparse encoder (SPLADE) is trained and exported (docs/sparse.md)."""
    model: Name = "encoder"
    """encoder (encoder.model), or a model with an MLM head (klue/bert-base), or a folder."""
    query: Literal["idf", "model"] = "idf"
    """idf: inference-free queries, a table of token weights; model: SPLADE on both sides."""
    max_vocabulary: PositiveInt = 32000
    """Tokens of the restricted vocabulary at most."""
    max_terms: PositiveInt = 100
    """Terms of a passage in the index; the weakest are cut."""
    query_max_length: PositiveInt = 48
    """Tokens of a query."""
    passage_max_length: PositiveInt = 160
    """Tokens of a passage."""
    max_overlap: Share = 1.0
    """Train on questions that copy at most this share of their passage."""
    max_steps: NonNegativeInt = 80
    """Training budget of the sparse encoder in steps."""
    batch_size: PositiveInt = 6
    """Questions a batch."""
    negatives: NonNegativeInt = 2
    """Negatives of a question."""
    accumulate: PositiveInt = 1
    """Batches a step."""
    learning_rate: PositiveFloat = 3e-5
    """Peak learning rate."""
    head_learning_rate: PositiveFloat = 1e-3
    """Peak learning rate of the MLM head."""
    freeze_layers: NonNegativeInt = 0
    """Lowest layers that stay as they are."""
    warmup_steps: NonNegativeInt = 8
    """Steps until the peak learning rate."""
    ranking: Literal["contrastive", "margin"] = "contrastive"
    """Ranking loss."""
    margin: PositiveFloat = 2.0
    """Of the margin loss."""
    distill: NonNegativeFloat = 0.3
    """Weight of the KL divergence to the mined teacher scores."""
    teacher_scale: PositiveFloat = 0.3
    """Scale of the teacher scores."""
    flops_query: NonNegativeFloat = 1e-3
    """FLOPS regularisation of queries; read where query is model."""
    flops_passage: NonNegativeFloat = 3e-3
    """FLOPS regularisation of passages."""
    l1_passage: NonNegativeFloat = 0.0
    """L1 regularisation of passages."""
    ramp_steps: PositiveInt = 40
    """Steps until the regularisation has its full weight (quadratic)."""
    cross_lingual: NonNegativeFloat = 0.5
    """Weight of the alignment of Korean and English term pairs."""
    term_pairs: NonNegativeInt = 8
    """Term pairs a step."""
    swap_share: Share = 0.3
    """Share of the train questions that get a copy with English terms."""
    evaluate_every: PositiveInt = 20
    """Steps between evaluations."""
    patience: PositiveInt = 3
    """Evaluations without a better dev nDCG@10 until training stops."""
    checkpoint_every: PositiveInt = 20
    """Steps between checkpoints."""
    bf16: bool = False
    """Train in bfloat16."""
    fp16: bool = False
    """Train in float16."""
