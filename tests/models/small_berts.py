"""Small models, made from a seed, without a tokeniser."""

from __future__ import annotations

from typing import Any

import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    DistilBertModel,
    PreTrainedModel,
    Qwen3Config,
    Qwen3ForSequenceClassification,
    Qwen3Model,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
    XLMRobertaModel,
)

SIZES: dict[str, Any] = {
    "vocab_size": 60, "hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4,
    "intermediate_size": 128, "max_position_embeddings": 64,
}  # fmt: skip
# As wide as the builtin encoder: kernels choose by the number of channels how they add.
WIDE: dict[str, Any] = {
    "hidden_size": 384, "num_hidden_layers": 2, "num_attention_heads": 12, "intermediate_size": 1536,
    "max_position_embeddings": 128,
}  # fmt: skip


def bert(**changed: Any) -> PreTrainedModel:
    torch.manual_seed(3)
    return BertModel(BertConfig(**SIZES | changed), add_pooling_layer=False).eval()


def roberta(**changed: Any) -> PreTrainedModel:
    torch.manual_seed(3)
    return XLMRobertaModel(XLMRobertaConfig(**SIZES | changed), add_pooling_layer=False).eval()


def distilled() -> PreTrainedModel:
    torch.manual_seed(3)
    return DistilBertModel(_distilled()).eval()


def decoder() -> PreTrainedModel:
    torch.manual_seed(3)
    return Qwen3Model(_decoder()).eval()


def classifier(kind: str) -> PreTrainedModel:
    """A sequence classifier of one label."""
    torch.manual_seed(3)
    wide = SIZES | WIDE | {"num_labels": 1}
    models: dict[str, Any] = {
        "bert": lambda: BertForSequenceClassification(BertConfig(**wide)),
        "roberta": lambda: XLMRobertaForSequenceClassification(XLMRobertaConfig(**wide)),
        "distilled": lambda: DistilBertForSequenceClassification(_distilled(num_labels=1)),
        "decoder": lambda: Qwen3ForSequenceClassification(_decoder(num_labels=1, pad_token_id=0)),
    }
    model: PreTrainedModel = models[kind]()
    return model.eval()


def _distilled(**changed: Any) -> DistilBertConfig:
    return DistilBertConfig(vocab_size=60, dim=64, n_layers=2, n_heads=4, hidden_dim=128, **changed)


def _decoder(**changed: Any) -> Qwen3Config:
    return Qwen3Config(**SIZES, num_key_value_heads=2, head_dim=16, **changed)
