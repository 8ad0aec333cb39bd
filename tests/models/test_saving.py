from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from sunwi.errors import DataError
from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.models.saving import interpolate, load_state, save_encoder
from sunwi.models.spec import ModelInfo

TEXTS = ["별은 왜 빛나나요?", "물이 끓는 온도는 기압에 따라 다르다."]


def test_interpolation_meets_its_ends_and_keeps_integers() -> None:
    base = {"w": torch.tensor([0.0, 2.0]), "ids": torch.tensor([1, 2])}
    tuned = {"w": torch.tensor([4.0, 0.0]), "ids": torch.tensor([1, 2])}
    assert interpolate(base, tuned, 1.0)["w"].tolist() == [0.0, 2.0]
    assert interpolate(base, tuned, 0.0)["w"].tolist() == [4.0, 0.0]
    assert interpolate(base, tuned, 0.25)["w"].tolist() == [3.0, 0.5]
    assert interpolate(base, tuned, 0.25)["ids"].tolist() == [1, 2]


def test_a_copy_of_the_base_shares_its_vectors(builtin_model: ModelInfo, tmp_path: Path) -> None:
    save_encoder(builtin_model, None, tmp_path / "copy")
    copy = resolve(str(tmp_path / "copy"))
    assert copy.content_hash == builtin_model.content_hash
    assert (copy.pooling, copy.query_prefix, copy.passage_prefix) == ("mean", "query: ", "passage: ")


def test_saved_weights_load_alike_in_sentence_transformers(
    builtin_model: ModelInfo, tmp_path: Path, own_cache: Path
) -> None:
    from sentence_transformers import SentenceTransformer

    state = load_state(builtin_model.folder)
    name = "encoder.layer.0.output.dense.weight"
    state[name] = state[name] * 2.0
    save_encoder(builtin_model, state, tmp_path / "tuned")
    tuned = resolve(str(tmp_path / "tuned"))
    assert tuned.content_hash != builtin_model.content_hash
    ours = Encoder(tuned).encode(TEXTS, "query", 64).astype(np.float32)
    theirs = SentenceTransformer(str(tmp_path / "tuned"), device="cpu").encode(TEXTS, prompt_name="query")
    assert np.abs(ours - theirs).max() < 1e-3
    assert np.abs(ours - Encoder(builtin_model).encode(TEXTS, "query", 64)).max() > 1e-3


def test_saved_folder_names_no_path(builtin_model: ModelInfo, tmp_path: Path) -> None:
    save_encoder(builtin_model, None, tmp_path / "copy")
    for path in (tmp_path / "copy").glob("*.json"):
        assert str(builtin_model.folder) not in path.read_text(encoding="utf-8"), path.name
    assert not (tmp_path / "copy" / "training_args.bin").exists()


def test_sharded_weights_are_read_whole(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"a": torch.ones(2, dtype=torch.float16)}, tmp_path / "model-00001-of-00002.safetensors")
    save_file({"b": torch.zeros(3)}, tmp_path / "model-00002-of-00002.safetensors")
    state = load_state(tmp_path)
    assert sorted(state) == ["a", "b"]
    assert state["a"].dtype == torch.float32


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_interpolating_a_model_with_itself_changes_nothing(share: float) -> None:
    state = {"w": torch.linspace(-1, 1, 7)}
    assert torch.allclose(interpolate(state, state, share)["w"], state["w"])


def test_weights_under_other_names_are_refused() -> None:
    with pytest.raises(DataError, match=r"bert\.w"):
        interpolate({"bert.w": torch.ones(1)}, {"w": torch.zeros(1)}, 0.5)
