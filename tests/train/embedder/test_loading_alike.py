"""A tuned folder gives the same vectors in transformers, sentence-transformers and FlagEmbedding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from sunwi.models.encoder_weights import load_encoder
from sunwi.models.resolver import resolve
from sunwi.models.saving import save_encoder
from sunwi.models.spec import ModelInfo
from sunwi.train.embedder.dev_evaluation import live_vectors
from sunwi.train.embedder.last_token import ending_with_eos

TEXTS = ["말1 말2 말3", "말4", "말5 말6 말7 말8 말9", "말0 " * 40]
LENGTH = 16


def tuned_folder(info: ModelInfo, folder: Path) -> ModelInfo:
    """As if tuned: all weights moved a little."""
    state = load_encoder(info.folder, torch.float32).state_dict()
    heads = {
        name: {
            key: value * 1.5
            for key, value in torch.load(info.folder / f"{name}.pt", weights_only=True).items()
        }
        for name in ("colbert_linear", "sparse_linear")
        if (info.folder / f"{name}.pt").exists()
    }
    save_encoder(info, {name: value * 1.1 for name, value in state.items()}, folder, heads)
    return resolve(str(folder))


def by_transformers(info: ModelInfo) -> np.ndarray:
    from transformers import AutoTokenizer

    model = load_encoder(info.folder, torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(info.folder, padding_side="right")
    return live_vectors(model, tokenizer, info, TEXTS, "query", LENGTH, 8)


@pytest.mark.parametrize("kind", ["bert", "m3", "decoder"])
def test_sentence_transformers(tiny_models: dict[str, ModelInfo], tmp_path: Path, kind: str) -> None:
    from sentence_transformers import SentenceTransformer

    base = tiny_models[kind]
    if kind == "decoder":
        base = ending_with_eos(base, tmp_path / "start")
    info = tuned_folder(base, tmp_path / "tuned")
    model = SentenceTransformer(str(info.folder), device="cpu")
    model.max_seq_length = LENGTH
    assert np.abs(model.encode(TEXTS) - by_transformers(info)).max() < 1e-5


def test_flag_model(tiny_models: dict[str, ModelInfo], tmp_path: Path) -> None:
    from FlagEmbedding import FlagModel

    info = tuned_folder(tiny_models["bert"], tmp_path / "tuned")
    model = FlagModel(str(info.folder), pooling_method="mean", use_fp16=False, devices="cpu")
    assert np.abs(model.encode(TEXTS, max_length=LENGTH) - by_transformers(info)).max() < 1e-5


def test_bgem3_flag_model(tiny_models: dict[str, ModelInfo], tmp_path: Path) -> None:
    from FlagEmbedding import BGEM3FlagModel

    info = tuned_folder(tiny_models["m3"], tmp_path / "tuned")
    model = BGEM3FlagModel(str(info.folder), use_fp16=False, devices="cpu")
    actual = model.encode(
        TEXTS, max_length=LENGTH, return_dense=True, return_sparse=True, return_colbert_vecs=True
    )
    assert np.abs(actual["dense_vecs"] - by_transformers(info)).max() < 1e-5
    head = torch.load(info.folder / "sparse_linear.pt", weights_only=True)
    before = torch.load(tiny_models["m3"].folder / "sparse_linear.pt", weights_only=True)
    assert torch.allclose(model.model.sparse_linear.weight, head["weight"])
    assert not torch.allclose(head["weight"], before["weight"])


def test_the_folder_holds_no_path_and_no_pickled_arguments(
    tiny_models: dict[str, ModelInfo], tmp_path: Path
) -> None:
    info = tuned_folder(tiny_models["m3"], tmp_path / "tuned")
    names = {path.name for path in info.folder.rglob("*")}
    assert "training_args.bin" not in names
    assert "modules.json" in names
    for path in info.folder.rglob("*.json"):
        assert str(tmp_path) not in path.read_text(encoding="utf-8"), path.name
