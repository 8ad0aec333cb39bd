"""Which parameters train, and how fast each layer does."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

# bert and roberta: layer; gpt_neox and llama: layers; gpt2: h
LAYER = re.compile(r"(?:^|\.)(?:layers?|h)\.(\d+)\.")
EMBEDDINGS = ("embeddings.", "embed_in", "embed_tokens", "wte", "wpe")


def depth_of(name: str, layers: int) -> int:
    """How many layers a parameter is below the top one: 0 for the top and for heads, `layers` for embeddings.

    Examples
    --------
    >>> depth_of("encoder.layer.11.output.dense.weight", 12), depth_of("layers.0.mlp.weight", 12)
    (0, 11)
    >>> depth_of("embeddings.word_embeddings.weight", 12), depth_of("sparse_linear.weight", 12)
    (12, 0)
    """
    if match := LAYER.search(name):
        return layers - 1 - int(match[1])
    return layers if _embeds(name) else 0


def count_layers(names: Iterable[str]) -> int:
    """Layers of a model, from its parameters' names."""
    return 1 + max((int(match[1]) for name in names if (match := LAYER.search(name))), default=-1)


def parameter_groups(model: torch.nn.Module, rate: float, decay: float) -> list[dict[str, Any]]:
    """Trained parameters with the rate `rate * decay ** depth` (ULMFiT's discriminative rates; ELECTRA).

    One group a depth, the top first.
    """
    named = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    layers = count_layers(name for name, _ in model.named_parameters())
    by_depth: dict[int, list[torch.nn.Parameter]] = {}
    for name, parameter in named:
        by_depth.setdefault(depth_of(name, layers), []).append(parameter)
    return [{"params": by_depth[depth], "lr": rate * decay**depth} for depth in sorted(by_depth)]


def freeze(model: torch.nn.Module, word_embeddings: bool, lowest_layers: int) -> None:
    """Exclude the word embeddings, or the lowest layers and all embeddings, from training."""
    for name, parameter in model.named_parameters():
        match = LAYER.search(name)
        words = any(part in name for part in ("word_embeddings", "embed_in", "embed_tokens", "wte"))
        below = int(match[1]) < lowest_layers if match else lowest_layers > 0 and _embeds(name)
        if (word_embeddings and words) or below:
            parameter.requires_grad_(False)


def _embeds(name: str) -> bool:
    return any(part in name for part in EMBEDDINGS)


def without_attention_dropout(model: torch.nn.Module) -> None:
    """Dropout on attention weights off: with it torch keeps every [heads, tokens, tokens] map for the
    backward pass instead of using a fused kernel, twice the memory. Dropout of hidden states stays."""
    for name, module in model.named_modules():
        if name.endswith(("attention.self", "self_attn", "attention.attention")) and hasattr(
            module, "dropout"
        ):
            module.dropout = type(module.dropout)(0.0) if callable(module.dropout) else 0.0
