"""BERT read from its folder without transformers, whose import and loading take five CPU seconds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from sunwi.models.cpu.bert import MODEL_TYPES
from sunwi.models.loading import read_settings, read_tensors, refuse_own_code

WEIGHTS = "model.safetensors"
PREFIXES = ("bert.", "roberta.")  # of the encoder's weights in a file that has a task's head too
SIZES = (
    "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
    "max_position_embeddings", "type_vocab_size",
)  # fmt: skip
# What makes another model of the same weights: the library reads such a folder.
ELSE = ("is_decoder", "add_cross_attention", "quantization_config", "auto_map")


def read_bert(folder: Path, dtype: torch.dtype) -> BertWeights | None:
    """The encoder's weights in that type; None of a folder that is better left to transformers.

    That is any that is not plainly BERT, RoBERTa or XLM-R with all its sizes in config.json and its weights,
    in their shapes, in one safetensors file. What is wrong with such a folder the library's loading says.

    Raises
    ------
    ModelError
        If the file is damaged, or a number in it is not finite.
    """
    refuse_own_code(folder)
    config = read_settings(folder / "config.json", {})
    if not _is_plain(config) or not (folder / WEIGHTS).exists() or (folder / "adapter_config.json").exists():
        return None
    tensors = _without_prefix(read_tensors(folder / WEIGHTS))
    with torch.device("meta"):  # no memory, and no random numbers that are overwritten
        model = BertWeights(config)
    wanted = model.state_dict()
    if any(name not in tensors or tensors[name].shape != empty.shape for name, empty in wanted.items()):
        return None
    model.load_state_dict({name: tensors[name].to(dtype) for name in wanted}, assign=True)
    return model.requires_grad_(False).eval()


def _is_plain(config: Mapping[str, Any]) -> bool:
    return (
        config.get("model_type") in MODEL_TYPES
        and all(isinstance(config.get(size), int) for size in SIZES)
        and isinstance(config.get("layer_norm_eps"), float)
        and isinstance(config.get("pad_token_id"), int)
        and config.get("hidden_act") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and not any(config.get(key) for key in ELSE)
    )


def _without_prefix(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    for prefix in PREFIXES:
        if any(name.startswith(prefix) for name in tensors):
            return {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
    return dict(tensors)


class BertWeights(torch.nn.Module):
    """Modules under transformers' names, for those who compute the layers themselves (`cpu/bert.py`)."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        self.config = SimpleNamespace(model_type=config["model_type"], is_decoder=False)
        self.embeddings = Embeddings(config)
        layers = [_layer(config) for _ in range(config["num_hidden_layers"])]
        self.encoder = _modules(layer=torch.nn.ModuleList(layers))


class Embeddings(torch.nn.Module):
    """Word, type and place of each token, summed and normed."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        width = config["hidden_size"]
        self.word_embeddings = _rows(config["vocab_size"], width)
        self.token_type_embeddings = _rows(config["type_vocab_size"], width)
        self.position_embeddings = _rows(config["max_position_embeddings"], width)
        self.LayerNorm = torch.nn.LayerNorm(width, eps=config["layer_norm_eps"])
        # RoBERTa counts its places from behind the padding's id, and leaves out tokens of that id.
        self.padding: int | None = None if config["model_type"] == "bert" else config["pad_token_id"]

    def forward(self, input_ids: torch.Tensor, token_type_ids: torch.Tensor | None = None) -> torch.Tensor:
        """[rows, tokens, channels] of ids [rows, tokens]."""
        if self.padding is None:
            places = torch.arange(input_ids.shape[1])[None]
        else:
            real = input_ids.ne(self.padding).long()
            places = torch.cumsum(real, dim=1) * real + self.padding
        types = torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids
        summed = self.word_embeddings(input_ids) + self.token_type_embeddings(types)
        found: torch.Tensor = self.LayerNorm(summed + self.position_embeddings(places))
        return found


def _rows(count: int, width: int) -> torch.nn.Embedding:
    # With the usual constructor a table on `meta` is filled by Python code, whose import takes two seconds.
    return torch.nn.Embedding(count, width, _weight=torch.empty(count, width))


def _layer(config: Mapping[str, Any]) -> torch.nn.Module:
    width, inner, eps = config["hidden_size"], config["intermediate_size"], config["layer_norm_eps"]
    matrices = {name: torch.nn.Linear(width, width) for name in ("query", "key", "value")}
    attention = _modules(**matrices)
    attention.num_attention_heads = config["num_attention_heads"]
    return _modules(
        attention=_modules(self=attention, output=_output(width, width, eps)),
        intermediate=_modules(dense=torch.nn.Linear(width, inner), intermediate_act_fn=torch.nn.GELU()),
        output=_output(inner, width, eps),
    )


def _output(inner: int, width: int, eps: float) -> torch.nn.Module:
    return _modules(dense=torch.nn.Linear(inner, width), LayerNorm=torch.nn.LayerNorm(width, eps=eps))


def _modules(**named: torch.nn.Module) -> torch.nn.Module:
    module = torch.nn.Module()
    for name, child in named.items():
        module.add_module(name, child)
    return module
