"""The head against transformers' own MLM, the encoder's vectors, saving and loading."""

from __future__ import annotations
