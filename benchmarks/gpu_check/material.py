"""Models of random weights, and texts that they know."""

from __future__ import annotations

import argparse
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.embedder.training import SHAPES, make_groups, write_model
from sunwi.models.spec import ModelInfo
from sunwi.params.train_embedder import TrainEmbedderParams
from sunwi.train.embedder.groups import Group

STEPS, BATCH, GROUP, TOKENS = 8, 4, 3, 48
TINY = SHAPES["tiny"]
DECODER: dict[str, Any] = {
    "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 512,
}  # fmt: skip


def texts(count: int = 64) -> list[str]:
    """Words of the models' vocabulary, 4 to 43 a text."""
    return [" ".join(f"w{(at * 7 + word) % 900}" for word in range(4 + at % 40)) for at in range(count)]


def groups() -> list[Group]:
    """Training groups for `STEPS` steps."""
    shape = argparse.Namespace(batch=BATCH, group=GROUP, steps=STEPS, tokens=TOKENS, lengths="mixed")
    return make_groups(shape, TINY["vocabulary"])


def embedder_params(method: str, **changed: Any) -> TrainEmbedderParams:
    """float32 without TF32 and without dropout: only the order of sums differs between devices."""
    settings: dict[str, Any] = {
        "method": method, "max_steps": STEPS, "batch_size": BATCH, "group_size": GROUP, "warmup_steps": 1,
        "query_max_length": 32, "passage_max_length": TOKENS, "distill": False, "learning_rate": 1e-3,
        "freeze_word_embeddings": False, "checkpoint_steps": 0, "tf32": False, "lora_dropout": 0.0,
        "lora_target_modules": ["q_proj", "v_proj"],
    }  # fmt: skip
    return TrainEmbedderParams(**{**settings, **changed})


def write_encoder(folder: Path, *, m3: bool = False) -> ModelInfo:
    """A tiny XLM-RoBERTa: with M3's heads, or by the mean (<s> of random weights is alike in all texts)."""
    info = write_model(folder, TINY, m3)
    return info if m3 else replace(info, pooling="mean")


def write_decoder(folder: Path) -> ModelInfo:
    """A tiny Qwen3 with the encoder's tokeniser."""
    import torch
    from transformers import Qwen3Config, Qwen3Model

    info = write_encoder(folder / "tokens")
    torch.manual_seed(0)
    config = Qwen3Config(**DECODER, vocab_size=TINY["vocabulary"], pad_token_id=1, eos_token_id=2)
    Qwen3Model(config).save_pretrained(folder / "model")
    for path in info.folder.glob("token*"):
        shutil.copy(path, folder / "model" / path.name)
    return ModelInfo(str(folder / "model"), folder / "model", "lasttoken", "", "", ("dense",), "gpu-check")
