"""Encoders with common lower layers: one pass gives the bytes that each gives by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.models.conftest import write_tiny_bert
from tests.models.precisions import skip_without
from transformers import BertConfig, BertModel

from sunwi.models.bert_branches import common_layers
from sunwi.models.bert_file import read_bert
from sunwi.models.cpu.support import packs
from sunwi.models.encode_alike import encode_alike
from sunwi.models.encoder import Encoder
from sunwi.models.hidden_states import HiddenStates
from sunwi.models.late_interaction import LateInteraction
from sunwi.models.precision import Precision
from sunwi.models.resolver import resolve
from sunwi.models.saving import save_encoder
from sunwi.models.spec import ModelInfo
from sunwi.params.encoder import EncoderParams

LENGTH = 12
LIMITS = EncoderParams(max_length=LENGTH, query_max_length=LENGTH)
TEXTS = ["물 빛 산소", "달", "지진 힘 바다 " * 8, "달", "바다 빛 한글 힘 물"]
PAIR = ("물 힘", TEXTS[0])


@pytest.fixture
def four_layers(tmp_path: Path) -> ModelInfo:
    """A small encoder with layers to share."""
    folder = write_tiny_bert(tmp_path / "base", labels=0)
    torch.manual_seed(4)
    BertModel(
        BertConfig(
            vocab_size=12, hidden_size=64, num_hidden_layers=4, num_attention_heads=4, intermediate_size=128,
            max_position_embeddings=16, pad_token_id=0,
        )
    ).save_pretrained(folder)  # fmt: skip
    return resolve(str(folder))


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


def test_common_layers_are_counted_from_the_lowest(four_layers: ModelInfo, tmp_path: Path) -> None:
    two, three, none = tunings(four_layers, tmp_path, 2, 3, 0)
    assert depth([four_layers, two]) == 2
    assert depth([three, two]) == 2
    assert depth([four_layers, three]) == 3
    assert depth([four_layers, none]) == 0
    assert depth([two, two]) == 4
    state = load_file(three.folder / "model.safetensors")
    state["embeddings.position_embeddings.weight"][3, 4] += 1
    save_file(state, three.folder / "model.safetensors", metadata={"format": "pt"})
    assert depth([four_layers, three]) == 0


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_vectors_are_those_of_each_encoder_alone(
    four_layers: ModelInfo,
    tmp_path: Path,
    own_cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    precision: Precision,
) -> None:
    skip_without(precision)
    if not packs(getattr(torch, precision)):
        pytest.skip("this torch packs no weights: the library's models run")
    infos = tunings(four_layers, tmp_path, 2, 3)
    encoders = [Encoder(info, precision=precision) for info in infos]
    monkeypatch.setenv("SUNWI_CACHE_DIR", str(tmp_path / "alone"))
    alone = [encoder.encode(TEXTS, "passage", LENGTH) for encoder in encoders]
    maxsim = [LateInteraction(encoder, LENGTH, LENGTH).score([PAIR]) for encoder in encoders]
    monkeypatch.setenv("SUNWI_CACHE_DIR", str(own_cache))
    encoders = [Encoder(info, precision=precision) for info in infos]
    assert encode_alike(encoders, TEXTS, LIMITS, "encode")
    windows = encoders[0].reading(TEXTS, "passage", LENGTH).pieces
    assert windows
    batches: list[object] = []
    monkeypatch.setattr(
        HiddenStates, "of_batch", lambda *_: batches.append(1) or pytest.fail("encoded again")
    )
    for encoder, expected in zip(encoders, alone, strict=True):
        np.testing.assert_array_equal(encoder.encode(TEXTS, "passage", LENGTH), expected)
        assert encoder.missing(windows, "passage", LENGTH) == 0
    monkeypatch.undo()
    monkeypatch.setenv("SUNWI_CACHE_DIR", str(own_cache))
    again = [LateInteraction(encoder, LENGTH, LENGTH).score([PAIR]) for encoder in encoders]
    np.testing.assert_array_equal(again, maxsim)
    assert encode_alike(encoders, TEXTS, LIMITS, "encode")  # all is there: nothing runs


def test_nothing_is_done_where_nothing_is_shared(
    four_layers: ModelInfo, tiny_bert: Path, tmp_path: Path, own_cache: Path
) -> None:
    (other,) = tunings(four_layers, tmp_path, 0)
    tiny = resolve(str(tiny_bert))
    for infos in ([], [four_layers], [four_layers, other], [four_layers, tiny]):
        assert not encode_alike([Encoder(info) for info in infos], TEXTS, LIMITS, "encode")
    mixed = [Encoder(four_layers, precision="auto"), Encoder(four_layers)]
    assert not encode_alike(mixed, TEXTS, LIMITS, "encode")
    assert not (own_cache / "vectors.sqlite").exists()
