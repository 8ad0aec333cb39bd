"""Encoders that are one model up to some layer, as tunings with frozen layers are: those layers run once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from sunwi.models.bert_file import BertWeights, read_bert
from sunwi.models.cpu.bert import bert_layers
from sunwi.models.cpu.packed_bert import PackedLayer
from sunwi.models.cpu.packed_model import PackedEncoder
from sunwi.models.cpu.support import packs


class Branches:
    """Several encoders' hidden states, with the bytes that each gives by itself."""

    def __init__(self, weights: Sequence[BertWeights], depth: int) -> None:
        self.depth = depth
        self._trunk = PackedEncoder(weights[0])
        self._tops = [self._trunk.bert.layers[depth:]]
        self._tops += [[PackedLayer(layer) for layer in bert_layers(other)[depth:]] for other in weights[1:]]

    def __call__(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> list[torch.Tensor]:
        """Of each encoder, [rows, tokens, channels], of ids and mask [rows, tokens], padded on the right."""
        return self._trunk.branched({"input_ids": input_ids}, attention_mask, self.depth, self._tops)


def read_branches(folders: Sequence[Path], dtype: torch.dtype) -> Branches | None:
    """The folders' encoders; None where they have no layer in common or are not computed here."""
    if len(folders) < 2 or not packs(dtype):
        return None
    weights = [model for folder in folders if (model := read_bert(folder, dtype)) is not None]
    depth = common_layers(weights) if len(weights) == len(folders) else 0
    return Branches(weights, depth) if depth else None


def common_layers(weights: Sequence[BertWeights]) -> int:
    """How many of the lowest layers are the same in all; 0 too if their embeddings differ."""
    first, *others = weights
    if not all(_equal(first.embeddings, other.embeddings) for other in others):
        return 0
    layers = list(zip(*map(bert_layers, weights), strict=False))
    depth = 0
    while depth < len(layers) and all(_equal(layers[depth][0], other) for other in layers[depth][1:]):
        depth += 1
    return depth


def _equal(left: torch.nn.Module, right: torch.nn.Module) -> bool:
    theirs = right.state_dict()
    return all(torch.equal(tensor, theirs[name]) for name, tensor in left.state_dict().items())
