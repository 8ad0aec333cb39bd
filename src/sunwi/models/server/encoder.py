"""A bi-encoder as OpenSearch's ML Commons runs it: one graph, one tokenizer.json with the prefix in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import nn

from sunwi.models.encoder import Encoder
from sunwi.models.encoder_weights import load_encoder
from sunwi.models.pooling import pool
from sunwi.models.projection import layers_of
from sunwi.models.sparse.export.bundle import DJL_MAX_LENGTH, pack, register_body
from sunwi.models.spec import Side
from sunwi.records.files import write_json

EXAMPLE = ("순위를 매긴다", "검색")  # of two lengths, so that the mask is part of the traced way
ARCHIVE, BODY = "encoder.zip", "register_encoder.json"


class ServerEncoder(nn.Module):
    """{"sentence_embedding": [batch, dimensions]}, L2-normalised."""

    def __init__(self, model: nn.Module, pooling: str, layers: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.pooling = pooling
        self.layers = layers

    def forward(self, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """`input_ids` and `attention_mask` [batch, tokens]; ML Commons gives them as one dict."""
        mask = inputs["attention_mask"]
        hidden = self.model(input_ids=inputs["input_ids"], attention_mask=mask).last_hidden_state
        pooled = self.layers(pool(hidden, mask, self.pooling))
        return {"sentence_embedding": nn.functional.normalize(pooled, dim=-1)}


def write_server_encoder(encoder: Encoder, side: Side, max_length: int, name: str, folder: Path) -> None:
    """Write encoder.zip and the request that registers it to `folder`.

    The server adds the prefix of `side` by the tokenizer's normaliser: ML Commons adds prefixes only to
    requests that name a side, and neural-search 2.19 names none.

    Raises
    ------
    ModelError
        If the model's files cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts = {
        "encoder.pt": _traced(encoder, folder),
        "tokenizer.json": prefixed_tokenizer(encoder.tokenizer(), encoder.info.prefix(side), max_length),
    }
    pack(folder / ARCHIVE, parts)
    config = {
        "model_type": "bert",
        "embedding_dimension": encoder.dimensions,
        "framework_type": "SENTENCE_TRANSFORMERS",
        "all_config": json.dumps({"hidden_size": encoder.dimensions}),
    }
    body = register_body(folder / ARCHIVE, name, "TEXT_EMBEDDING")
    write_json(
        folder / BODY, {**body, "description": f"{side} encoder, made by sunwi", "model_config": config}
    )


def prefixed_tokenizer(tokenizer: Any, prefix: str, max_length: int) -> bytes:
    """tokenizer.json that puts the prefix before each text, cuts it as the server must, and pads nothing."""
    from tokenizers import Tokenizer

    settings = json.loads(tokenizer.backend_tokenizer.to_str())
    if prefix:
        before = {"type": "Prepend", "prepend": prefix}
        own = settings["normalizer"]
        settings["normalizer"] = {"type": "Sequence", "normalizers": [before, *([own] if own else [])]}
    copy = Tokenizer.from_str(json.dumps(settings, ensure_ascii=False))
    copy.enable_truncation(max_length=min(max_length, DJL_MAX_LENGTH))
    copy.no_padding()
    return bytes(copy.to_str().encode("utf-8"))


def _traced(encoder: Encoder, folder: Path) -> bytes:
    """The graph; attention is written out in plain products, because a server's libtorch may be older."""
    model = load_encoder(encoder.info.folder, torch.float32).eval()
    inner: Any = model
    inner.set_attn_implementation("eager")
    server = ServerEncoder(model, encoder.info.pooling, _layers(encoder)).eval()
    encoded = encoder.tokenizer()(list(EXAMPLE), padding=True, return_tensors="pt")
    example = {"input_ids": encoded["input_ids"], "attention_mask": encoded["attention_mask"]}
    with torch.inference_mode():
        traced = torch.jit.trace(server, (example,), strict=False)  # type: ignore[no-untyped-call]
    part = folder / "encoder.pt.part"
    torch.jit.save(traced, part)
    content = part.read_bytes()
    part.unlink()
    return content


def _layers(encoder: Encoder) -> nn.Module:
    made: list[nn.Module] = []
    for weight, bias, activation in layers_of(encoder.info):
        linear = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
        linear.weight = nn.Parameter(weight)
        if bias is not None:
            linear.bias = nn.Parameter(bias.float())
        made += [linear, getattr(nn, activation)()]
    return nn.Sequential(*made)
