"""The layers of BERT, RoBERTa and XLM-R, for those who compute them by other means than the library's."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import torch

MODEL_TYPES = frozenset({"bert", "roberta", "xlm-roberta"})  # their layers differ in nothing but names


def is_bert(model: torch.nn.Module) -> bool:
    """Whether the model's layers are BERT's: post-norm, exact GELU, no decoder."""
    config: Any = getattr(model, "config", None)
    return (
        getattr(config, "model_type", "") in MODEL_TYPES
        and not config.is_decoder
        and all(applies_exact_gelu(layer.intermediate) for layer in bert_layers(model))
    )


def bert_layers(model: Any) -> list[Any]:
    """The model's layers, from the first."""
    return list(model.encoder.layer)


def query_key_value(attention: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """The three matrices that read one input as one, [3 x channels, channels], and their biases."""
    three = (attention.query, attention.key, attention.value)
    weights, biases = (torch.cat([getattr(part, name) for part in three]) for name in ("weight", "bias"))
    return weights, biases


def replace_linears(
    model: torch.nn.Module, replacement: Callable[[torch.nn.Linear, bool], torch.nn.Module]
) -> torch.nn.Module:
    """The model with a replacement for each `torch.nn.Linear`.

    Where the second argument is true the replacement also computes BERT's GELU, which is then left out.
    """
    for module in list(model.modules()):
        exact = applies_exact_gelu(module)
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.Linear):
                fused = exact and name == "dense"
                setattr(module, name, replacement(child, fused))
                if fused:
                    module.intermediate_act_fn = torch.nn.Identity()
    return model


def applies_exact_gelu(module: torch.nn.Module | None) -> bool:
    """Whether the module is the first half of a BERT layer's feed-forward part, with the GELU of erf."""
    activation = getattr(module, "intermediate_act_fn", None)
    if getattr(activation, "approximate", "") == "none":
        return True
    library = sys.modules.get("transformers.activations")  # not imported, it has made no model
    return library is not None and isinstance(activation, library.GELUActivation)
