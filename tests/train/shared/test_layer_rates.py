from __future__ import annotations

import pytest

from sunwi.models.encoder_weights import load_encoder
from sunwi.models.spec import ModelInfo
from sunwi.train.shared.layer_rates import count_layers, freeze, parameter_groups


@pytest.mark.parametrize("kind", ["bert", "decoder"])
def test_rates_fall_with_the_depth(tiny_models: dict[str, ModelInfo], kind: str) -> None:
    import torch

    model = load_encoder(tiny_models[kind].folder, torch.float32)
    groups = parameter_groups(model, 1e-3, 0.5)
    assert [group["lr"] for group in groups] == [1e-3, 5e-4, 2.5e-4]  # top layer, lower layer, embeddings
    assert sum(len(group["params"]) for group in groups) == len(list(model.parameters()))
    assert count_layers(name for name, _ in model.named_parameters()) == 2


@pytest.mark.parametrize("kind", ["bert", "decoder"])
def test_frozen_parts_are_left_out(tiny_models: dict[str, ModelInfo], kind: str) -> None:
    import torch

    model = load_encoder(tiny_models[kind].folder, torch.float32)
    freeze(model, word_embeddings=True, lowest_layers=1)
    trained = {name for name, value in model.named_parameters() if value.requires_grad}
    assert not any("word_embeddings" in name or "embed_in" in name for name in trained)
    assert not any(".0." in name for name in trained)
    assert any(".1." in name for name in trained)
