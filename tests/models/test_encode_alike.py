"""Encoders with common lower layers: one pass gives the bytes that each gives by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.models.precisions import skip_without

from sunwi.models.cpu.bert_file import read_bert
from sunwi.models.cpu.branches import common_layers
from sunwi.models.encode_alike import encode_alike
from sunwi.models.encoder import Encoder
from sunwi.models.hidden_states import HiddenStates
from sunwi.models.late_interaction import LateInteraction
from sunwi.models.precision import Precision
from sunwi.models.resolver import resolve
from sunwi.models.saving import save_encoder
from sunwi.models.spec import ModelInfo
from sunwi.params.encoder import EncoderParams

LIMITS = EncoderParams(max_length=24, query_max_length=16)
TEXTS = ["물은 높은 곳에서 낮은 곳으로 흐른다.", "달", "지진파는 암석을 지난다. " * 8, "달", "바다와 빛의 색"]


def tunings(base: ModelInfo, folder: Path, *lowest: int) -> list[ModelInfo]:
    """Copies of the base whose layers from `lowest` on are scaled a little, each in its own way."""
    state = load_file(base.folder / "model.safetensors")
    infos = []
    for number, first in enumerate(lowest, start=1):
        moved = {
            name: tensor * (1 + 0.01 * number)
            if name.startswith("encoder.layer.") and int(name.split(".")[2]) >= first
            else tensor
            for name, tensor in state.items()
        }
        save_encoder(base, moved, folder / f"tuned-{number}")
        infos.append(resolve(str(folder / f"tuned-{number}")))
    return infos


def depth(infos: list[ModelInfo]) -> int:
    weights = [read_bert(info.folder, torch.float32) for info in infos]
    return common_layers([model for model in weights if model is not None])


def test_common_layers_are_counted_from_the_lowest(builtin_model: ModelInfo, tmp_path: Path) -> None:
    eight, ten, none = tunings(builtin_model, tmp_path, 8, 10, 0)
    assert depth([builtin_model, eight]) == 8
    assert depth([ten, eight]) == 8
    assert depth([builtin_model, ten]) == 10
    assert depth([builtin_model, none]) == 0
    assert depth([eight, eight]) == 12
    state = load_file(ten.folder / "model.safetensors")
    state["embeddings.position_embeddings.weight"][3, 4] += 1
    save_file(state, ten.folder / "model.safetensors", metadata={"format": "pt"})
    assert depth([builtin_model, ten]) == 0


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_vectors_are_those_of_each_encoder_alone(
    builtin_model: ModelInfo,
    tmp_path: Path,
    own_cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    precision: Precision,
) -> None:
    skip_without(precision)
    infos = tunings(builtin_model, tmp_path, 8, 10)
    encoders = [Encoder(info, precision=precision) for info in infos]
    monkeypatch.setenv("SUNWI_CACHE_DIR", str(tmp_path / "alone"))
    alone = [encoder.encode(TEXTS, "passage", 24) for encoder in encoders]
    maxsim = [LateInteraction(encoder, 16, 24).score([("물의 흐름", TEXTS[0])]) for encoder in encoders]
    monkeypatch.setenv("SUNWI_CACHE_DIR", str(own_cache))
    encoders = [Encoder(info, precision=precision) for info in infos]
    assert encode_alike(encoders, TEXTS, LIMITS, "encode")
    windows = encoders[0].reading(TEXTS, "passage", 24).pieces
    assert windows
    batches: list[object] = []
    monkeypatch.setattr(
        HiddenStates, "of_batch", lambda *_: batches.append(1) or pytest.fail("encoded again")
    )
    for encoder, expected in zip(encoders, alone, strict=True):
        np.testing.assert_array_equal(encoder.encode(TEXTS, "passage", 24), expected)
        assert encoder.missing(windows, "passage", 24) == 0
    monkeypatch.undo()
    monkeypatch.setenv("SUNWI_CACHE_DIR", str(own_cache))
    again = [LateInteraction(encoder, 16, 24).score([("물의 흐름", TEXTS[0])]) for encoder in encoders]
    np.testing.assert_array_equal(again, maxsim)
    assert encode_alike(encoders, TEXTS, LIMITS, "encode")  # all is there: nothing runs


def test_nothing_is_done_where_nothing_is_shared(
    builtin_model: ModelInfo, tiny_bert: Path, tmp_path: Path, own_cache: Path
) -> None:
    (other,) = tunings(builtin_model, tmp_path, 0)
    tiny = resolve(str(tiny_bert))
    for infos in ([], [builtin_model], [builtin_model, other], [builtin_model, tiny]):
        assert not encode_alike([Encoder(info) for info in infos], TEXTS, LIMITS, "encode")
    mixed = [Encoder(builtin_model, precision="auto"), Encoder(builtin_model)]
    assert not encode_alike(mixed, TEXTS, LIMITS, "encode")
    assert not (own_cache / "vectors.sqlite").exists()
