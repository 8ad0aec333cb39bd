"""Small models of BERT's kind, made from a seed, without a tokeniser."""

from __future__ import annotations

from typing import Any

import torch
from transformers import BertConfig, BertModel, PreTrainedModel, XLMRobertaConfig, XLMRobertaModel

SIZES: dict[str, Any] = {
    "vocab_size": 60, "hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4,
    "intermediate_size": 128, "max_position_embeddings": 64,
}  # fmt: skip


def bert(**changed: Any) -> PreTrainedModel:
    torch.manual_seed(3)
    return BertModel(BertConfig(**SIZES | changed), add_pooling_layer=False).eval()


def roberta() -> PreTrainedModel:
    torch.manual_seed(3)
    return XLMRobertaModel(XLMRobertaConfig(**SIZES), add_pooling_layer=False).eval()
