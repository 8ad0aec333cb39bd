from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.train.conftest import alone, mined_rows

from sunwi.errors import DataError, ModelError
from sunwi.models.encoder import Encoder
from sunwi.models.encoder_weights import load_encoder
from sunwi.models.resolver import resolve
from sunwi.models.saving import save_encoder
from sunwi.models.spec import ModelInfo
from sunwi.params.encoder import EncoderParams
from sunwi.params.train_embedder import TrainEmbedderParams
from sunwi.train.embedder.dev_evaluation import CHOSEN_BY
from sunwi.train.embedder.fit import Trained, train_embedder
from sunwi.train.embedder.last_token import ending_with_eos

LIMITS = EncoderParams(max_length=16, query_max_length=16)
SMALL = {
    "batch_size": 4,
    "group_size": 3,
    "max_steps": 4,
    "learning_rate": 5e-3,
    "warmup_steps": 0,
    "tf32": False,
}


def train(info: ModelInfo, evaluate: object = None, **options: object) -> Trained:
    params = TrainEmbedderParams.model_validate({**SMALL, **options})
    return train_embedder(info, mined_rows(20), params, 3, alone, LIMITS, evaluate)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"guide_margin": 0.0},
        {"matryoshka_dims": [8, 16]},
        {"layer_decay": 0.8, "freeze_word_embeddings": False},
        {"sub_batch_size": 4, "schedule": "cosine"},
        {"gradient_checkpointing": True},
    ],
    ids=lambda options: "+".join(options) or "plain",
)
def test_every_option_trains_and_repeats_itself(
    tiny_models: dict[str, ModelInfo], own_cache: Path, options: dict[str, object]
) -> None:
    first = train(tiny_models["bert"], **options)
    assert len(first.curve) == 4
    assert first.resumed_from == 0
    base = load_encoder(tiny_models["bert"].folder, torch.float32).state_dict()
    assert first.state.keys() == base.keys()
    moved = {name for name in base if not torch.equal(base[name], first.state[name])}
    assert any("layer.1" in name for name in moved)
    assert ("embeddings.word_embeddings.weight" in moved) == (options.get("freeze_word_embeddings") is False)
    again = train(tiny_models["bert"], **options)
    assert again.curve == first.curve
    assert all(torch.equal(weights, again.state[name]) for name, weights in first.state.items())


class Peaked:
    """Dev figures that are best at one evaluation, whatever the weights."""

    def __init__(self, figures: list[float]) -> None:
        self.shape: list[list[str]] = [[], []]
        self.figures = iter(figures)
        self.seen: list[dict[str, torch.Tensor]] = []

    def __call__(self, model: torch.nn.Module, _: object) -> dict[str, float]:
        self.seen.append({name: value.detach().clone() for name, value in model.state_dict().items()})
        return {CHOSEN_BY: next(self.figures)}


def test_the_best_step_is_kept_and_training_stops_early(
    tiny_models: dict[str, ModelInfo], own_cache: Path
) -> None:
    peaked = Peaked(
        [0.1, 0.2, 0.5, 0.4, 0.3, 0.9]
    )  # the first before step 1; patience ends it before the 0.9
    trained = train(tiny_models["bert"], peaked, eval_steps=1, patience=2, max_steps=5)
    assert trained.best_step == 2
    assert [row["step"] for row in trained.dev_curve] == [0, 1, 2, 3, 4]
    assert [row[CHOSEN_BY] for row in trained.dev_curve] == [0.1, 0.2, 0.5, 0.4, 0.3]
    assert len(trained.curve) == 4
    for name, weights in peaked.seen[2].items():
        assert torch.equal(weights, trained.state[name]), name


def test_m3_trains_its_heads(tiny_models: dict[str, ModelInfo], own_cache: Path) -> None:
    info = tiny_models["m3"]
    trained = train(info, method="m3", sub_batch_size=5)
    for name, tensors in trained.heads.items():
        before = torch.load(info.folder / f"{name}.pt", weights_only=True)
        assert not torch.equal(before["weight"], tensors["weight"]), name


def test_m3_trains_the_chosen_heads_alone(tiny_models: dict[str, ModelInfo], own_cache: Path) -> None:
    info = tiny_models["m3"]
    trained = train(info, method="m3", heads=["dense", "lexical"], sub_batch_size=5)
    assert list(trained.heads) == ["sparse_linear"]  # the other head stays the base's file
    before = torch.load(info.folder / "sparse_linear.pt", weights_only=True)
    assert not torch.equal(before["weight"], trained.heads["sparse_linear"]["weight"])


def test_a_decoder_learns_by_lora_at_its_last_token(
    tiny_models: dict[str, ModelInfo], tmp_path: Path, own_cache: Path
) -> None:
    info = ending_with_eos(tiny_models["decoder"], tmp_path / "start")
    trained = train(info, method="decoder", lora_r=2, lora_alpha=4)
    base = load_encoder(info.folder, torch.float32).state_dict()
    assert trained.state.keys() == base.keys()
    assert trained.trained_parameters < sum(value.numel() for value in base.values()) / 2
    moved = {name for name in base if not torch.equal(base[name], trained.state[name])}
    assert moved == {
        name
        for name in base
        if any(part in name for part in ("query_key_value.w", "dense")) and name.endswith("weight")
    }
    save_encoder(info, trained.state, tmp_path / "out")
    out = resolve(str(tmp_path / "out"))
    assert out.pooling == "lasttoken"
    ours = Encoder(out).encode(["말1 말2", "말3"], "query", 16).astype(np.float32)
    assert np.abs(ours - Encoder(info).encode(["말1 말2", "말3"], "query", 16)).max() > 1e-3


def test_every_text_of_a_decoder_ends_with_eos(tiny_models: dict[str, ModelInfo], tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    plain = AutoTokenizer.from_pretrained(tiny_models["decoder"].folder)
    assert plain("말1 말2")["input_ids"][-1] != plain.eos_token_id
    info = ending_with_eos(tiny_models["decoder"], tmp_path / "start")
    ending = AutoTokenizer.from_pretrained(info.folder)
    rows = ending(["말1", "말1 " * 30], truncation=True, max_length=8)["input_ids"]
    assert [row[-1] for row in rows] == [ending.eos_token_id] * 2
    assert len(rows[1]) == 8
    assert info.content_hash != tiny_models["decoder"].content_hash
    for path in (tmp_path / "start").glob("*.json"):
        assert str(tiny_models["decoder"].folder) not in path.read_text(encoding="utf-8"), path.name


@pytest.mark.parametrize(
    ("kind", "method", "message"),
    [
        ("decoder", "dense", "pools by lasttoken and train_embedder.method is dense"),
        ("bert", "decoder", "pools by mean and train_embedder.method is decoder"),
        ("bert", "m3", "no colbert or lexical head"),
    ],
)
def test_a_method_that_does_not_fit_the_model_is_refused(
    tiny_models: dict[str, ModelInfo], kind: str, method: str, message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        train(tiny_models[kind], method=method)


def test_too_few_rows_are_an_error(tiny_models: dict[str, ModelInfo]) -> None:
    with pytest.raises(DataError, match="20 mined rows are fewer"):
        train(tiny_models["bert"], batch_size=21)
