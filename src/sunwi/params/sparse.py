"""Section sparse: neural sparse retrieval."""

from __future__ import annotations

from typing import Literal

from sunwi.params.section import Count, NotNegative, Positive, Section, Share, Whole


class SparseParams(Section):
    """Neural sparse retrieval: SPLADE-max (Formal et al. 2021) over a restricted vocabulary."""

    enabled: bool = False
    model: str = (
        "encoder"  # "encoder" = encoder.model; or a hub id with an MLM head (klue/bert-base), or a folder
    )
    query: Literal["idf", "model"] = (
        "idf"  # idf: inference-free query (token weights alone); model: SPLADE on both sides
    )
    max_vocabulary: Count = 32000
    max_terms: Count = 100  # of a passage in the index; the weakest are cut
    query_max_length: Count = 48
    passage_max_length: Count = 160
    max_overlap: Share = 1.0  # train on questions that copy at most this share of their passage
    max_steps: Whole = 80
    batch_size: Count = 6
    negatives: Whole = 2
    accumulate: Count = 1  # batches a step
    learning_rate: Positive = 3e-5
    head_learning_rate: Positive = 1e-3
    freeze_layers: Whole = 0  # of the lowest layers
    warmup_steps: Whole = 8
    ranking: Literal["contrastive", "margin"] = "contrastive"
    margin: Positive = 2.0
    distill: NotNegative = 0.3  # weight of the KL to the mined teacher scores
    teacher_scale: Positive = 0.3
    flops_query: NotNegative = 1e-3  # not read where the query is inference-free
    flops_passage: NotNegative = 3e-3
    l1_passage: NotNegative = 0.0
    ramp_steps: Count = 40  # of the regularisation, quadratic
    cross_lingual: NotNegative = 0.5  # weight of the alignment of Korean-English term pairs
    term_pairs: Whole = 8  # pairs a step
    swap_share: Share = 0.3  # of the train questions that get a copy with English terms
    evaluate_every: Count = 20
    patience: Count = 3  # evaluations without a better dev nDCG@10
    checkpoint_every: Count = 20
    bf16: bool = False
    fp16: bool = False
