"""What models return, under transformers' names, without its import."""

from __future__ import annotations

from typing import NamedTuple

import torch


class EncoderOutput(NamedTuple):
    """Of an encoder; a sequence classifier of the library reads it by name and by position."""

    last_hidden_state: torch.Tensor
    """[rows, tokens, channels]"""
    pooler_output: torch.Tensor | None = None
    """[rows, channels]"""
    hidden_states: None = None
    attentions: None = None


class ClassifierOutput(NamedTuple):
    """Of a sequence classifier."""

    logits: torch.Tensor
    """[rows, labels]"""
