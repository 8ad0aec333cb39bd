"""Section sparse: neural sparse retrieval."""

from __future__ import annotations

from typing import Literal

from pydantic import NonNegativeInt, PositiveInt

from sunwi.params.section import NonNegativeFloat, PositiveFloat, Section, Share


class SparseParams(Section):
    """Neural sparse retrieval: SPLADE-max (Formal et al. 2021) over a restricted vocabulary."""

    enabled: bool = False
    model: str = (
        "encoder"  # "encoder" = encoder.model; or a hub id with an MLM head (klue/bert-base), or a folder
    )
    query: Literal["idf", "model"] = (
        "idf"  # idf: inference-free query (token weights alone); model: SPLADE on both sides
    )
    max_vocabulary: PositiveInt = 32000
    max_terms: PositiveInt = 100  # of a passage in the index; the weakest are cut
    query_max_length: PositiveInt = 48
    passage_max_length: PositiveInt = 160
    max_overlap: Share = 1.0  # train on questions that copy at most this share of their passage
    max_steps: NonNegativeInt = 80
    batch_size: PositiveInt = 6
    negatives: NonNegativeInt = 2
    accumulate: PositiveInt = 1  # batches a step
    learning_rate: PositiveFloat = 3e-5
    head_learning_rate: PositiveFloat = 1e-3
    freeze_layers: NonNegativeInt = 0  # of the lowest layers
    warmup_steps: NonNegativeInt = 8
    ranking: Literal["contrastive", "margin"] = "contrastive"
    margin: PositiveFloat = 2.0
    distill: NonNegativeFloat = 0.3  # weight of the KL to the mined teacher scores
    teacher_scale: PositiveFloat = 0.3
    flops_query: NonNegativeFloat = 1e-3  # not read where the query is inference-free
    flops_passage: NonNegativeFloat = 3e-3
    l1_passage: NonNegativeFloat = 0.0
    ramp_steps: PositiveInt = 40  # of the regularisation, quadratic
    cross_lingual: NonNegativeFloat = 0.5  # weight of the alignment of Korean-English term pairs
    term_pairs: NonNegativeInt = 8  # pairs a step
    swap_share: Share = 0.3  # of the train questions that get a copy with English terms
    evaluate_every: PositiveInt = 20
    patience: PositiveInt = 3  # evaluations without a better dev nDCG@10
    checkpoint_every: PositiveInt = 20
    bf16: bool = False
    fp16: bool = False
