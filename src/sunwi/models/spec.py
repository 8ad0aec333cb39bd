"""What a model is, once resolved: a local folder and how to use it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Side = Literal["query", "passage"]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A resolved bi-encoder.

    `pooling` is a name of `pooling.POOLINGS`.
    `heads` names what it can give: "dense", "lexical" (M3 term weights), "colbert" (M3 token vectors).
    `layers` are the folders of dense layers between pooling and normalisation, in their order.
    `content_hash` covers weights, configuration and tokeniser; it is part of every cache's key.
    """

    spec: str
    folder: Path
    pooling: str
    query_prefix: str
    passage_prefix: str
    heads: tuple[str, ...]
    content_hash: str
    layers: tuple[str, ...] = ()

    def prefix(self, side: Side) -> str:
        """The text put before every query or passage."""
        return self.query_prefix if side == "query" else self.passage_prefix
