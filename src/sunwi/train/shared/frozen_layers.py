"""Frozen lower layers run once for each text: their output does not change while the other layers train."""

from __future__ import annotations

from typing import Any

import torch

LIMIT = 2 << 30  # bytes kept; beyond them a text is computed each time


class FrozenOutputs:
    """Hidden states of texts after a base's frozen layers, by token ids.

    Runs from one base with as many frozen layers may share one.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.size = 0
        self.computed = 0
        self._known: dict[bytes, torch.Tensor] = {}

    def known(self, ids: torch.Tensor) -> torch.Tensor | None:
        """Hidden states [tokens, dimensions] of one text, or None."""
        return self._known.get(ids.numpy().tobytes())

    def keep(self, ids: torch.Tensor, hidden: torch.Tensor) -> None:
        """Keep one text's hidden states while there is room."""
        self.computed += 1
        size = hidden.numel() * hidden.element_size()
        if self.size + size <= self.limit:
            self._known[ids.numpy().tobytes()] = hidden
            self.size += size


def can_reuse(model: Any) -> bool:
    """Whether the model is built like BERT (RoBERTa, XLM-R) and is on the CPU in float32."""
    if not (hasattr(model, "embeddings") and hasattr(getattr(model, "encoder", None), "layer")):
        return False
    first: torch.nn.Parameter = next(model.parameters())
    return first.device.type == "cpu" and first.dtype == torch.float32


def reuse_frozen_layers(model: Any, lowest: int, outputs: FrozenOutputs) -> None:
    """Replace the embeddings and the `lowest` layers by their stored `outputs`; the weights keep their names.

    Each text runs by itself and without padding, so its states depend on no batch: a resumed run computes
    the same ones. Dropout is off in frozen layers.
    """
    frozen = list(model.encoder.layer[:lowest])
    for module in (model.embeddings, *frozen):
        for part in module.modules():
            if isinstance(part, torch.nn.Dropout):
                part.p = 0.0
    embed, through = model.embeddings.forward, [layer.forward for layer in frozen]
    padding = model.config.pad_token_id

    def states_of(ids: torch.Tensor) -> torch.Tensor:
        states = outputs.known(ids)
        if states is None:
            with torch.no_grad():
                hidden = embed(input_ids=ids[None])
                for layer in through:
                    hidden = layer(hidden)
            states = hidden[0].clone()
            outputs.keep(ids, states)
        return states

    def embeddings(input_ids: torch.Tensor, **_: Any) -> torch.Tensor:
        lengths = (input_ids != padding).sum(dim=1).tolist()  # padding is on the right
        rows = [states_of(ids[:length].contiguous()) for ids, length in zip(input_ids, lengths, strict=True)]
        hidden = rows[0].new_zeros(*input_ids.shape, rows[0].shape[1])
        for number, row in enumerate(rows):
            hidden[number, : len(row)] = row
        return hidden

    model.embeddings.forward = embeddings
    for layer in frozen:
        layer.forward = _unchanged


def _unchanged(hidden: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
    return hidden
