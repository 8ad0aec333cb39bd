"""Frozen layers that answer from memory: same hidden states, same training, each text computed once."""

from __future__ import annotations

import pytest
import torch
from tests.train.conftest import alone, mined_rows

from sunwi.errors import ModelError
from sunwi.models.encoder_weights import load_encoder
from sunwi.models.spec import ModelInfo
from sunwi.params.encoder import EncoderParams
from sunwi.params.train_embedder import TrainEmbedderParams
from sunwi.train.embedder import runner as flag_runner
from sunwi.train.embedder.fit import train_embedder
from sunwi.train.shared.frozen_layers import FrozenOutputs, can_reuse, reuse_frozen_layers

IDS = torch.tensor([[2, 5, 6, 7, 3], [2, 9, 3, 0, 0]])


@pytest.mark.parametrize("kind", ["bert", "m3"])
def test_same_states_and_each_text_once(tiny_models: dict[str, ModelInfo], kind: str) -> None:
    model = load_encoder(tiny_models[kind].folder, torch.float32).eval()
    mask = (IDS != 0).long()
    with torch.no_grad():
        before = model(input_ids=IDS, attention_mask=mask).last_hidden_state
    outputs = FrozenOutputs()
    reuse_frozen_layers(model, 1, outputs)
    for _ in range(2):
        with torch.no_grad():
            after = model(input_ids=IDS, attention_mask=mask).last_hidden_state
        torch.testing.assert_close(after[mask == 1], before[mask == 1], rtol=1e-5, atol=1e-6)
    assert outputs.computed == 2


def test_what_exceeds_the_limit_is_not_kept(tiny_models: dict[str, ModelInfo]) -> None:
    model = load_encoder(tiny_models["bert"].folder, torch.float32).eval()
    outputs = FrozenOutputs(limit=5 * 16 * 4)  # one text of five tokens, 16 floats each
    reuse_frozen_layers(model, 1, outputs)
    for _ in range(2):
        model(input_ids=IDS, attention_mask=(IDS != 0).long())
    assert outputs.computed == 3
    assert outputs.size <= outputs.limit


def test_training_ends_with_the_same_weights(
    tiny_models: dict[str, ModelInfo], monkeypatch: pytest.MonkeyPatch
) -> None:
    params = TrainEmbedderParams(
        batch_size=4, group_size=3, max_steps=3, learning_rate=1e-2, checkpoint_steps=0, freeze_layers=1
    )

    def trained(info: ModelInfo) -> dict[str, torch.Tensor]:
        limits = EncoderParams(max_length=16, query_max_length=16)
        return train_embedder(info, mined_rows(20), params, 3, alone, limits).state

    info = tiny_models["bert"]
    reused = trained(info)
    original = flag_runner.freeze

    def without_dropout(model: torch.nn.Module, words: bool, lowest: int) -> None:
        original(model, words, lowest)
        for part in (model.embeddings, model.encoder.layer[0]):
            for module in part.modules():
                if isinstance(module, torch.nn.Dropout):
                    module.p = 0.0

    monkeypatch.setattr(flag_runner, "can_reuse", lambda _: False)
    monkeypatch.setattr(flag_runner, "freeze", without_dropout)
    for name, weights in trained(info).items():
        if name.endswith("key.bias"):  # the loss does not depend on it: Adam follows rounding errors
            continue
        torch.testing.assert_close(reused[name], weights, rtol=0, atol=1e-5, msg=name)


def test_only_bert_like_models_on_the_cpu_reuse(tiny_models: dict[str, ModelInfo]) -> None:
    assert can_reuse(load_encoder(tiny_models["bert"].folder, torch.float32))
    assert not can_reuse(load_encoder(tiny_models["decoder"].folder, torch.float32))
    assert not can_reuse(load_encoder(tiny_models["bert"].folder, torch.float16))


def test_a_run_that_would_train_no_layer_is_refused(tiny_models: dict[str, ModelInfo]) -> None:
    params = TrainEmbedderParams(batch_size=4, group_size=3, max_steps=3, freeze_layers=2)
    with pytest.raises(ModelError, match=r"it has 2 layers and train_embedder\.freeze_layers is 2"):
        train_embedder(tiny_models["bert"], mined_rows(20), params, 3, alone, EncoderParams())
