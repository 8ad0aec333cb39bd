"""Late interaction in training: scores, early stopping, what is learned."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.train.reranker.reranker_models import TEXTS, settings, training_rows

from sunwi.errors import ParamsError
from sunwi.models.late_interaction import maxsim
from sunwi.models.resolver import resolve
from sunwi.params.reading import validate
from sunwi.params.train_reranker import TrainRerankerParams
from sunwi.train.reranker.late_interaction import maxsim_of_lists, shuffled, train_late_interaction
from sunwi.train.shared.early_stopping import EarlyStopping
from sunwi.train.shared.frozen_layers import FrozenOutputs
from sunwi.train.shared.loop import Optimiser


def test_scores_of_lists_are_those_of_inference() -> None:
    generator = torch.Generator().manual_seed(1)

    def unit(*shape: int) -> torch.Tensor:
        return torch.nn.functional.normalize(torch.randn(*shape, generator=generator), dim=-1)

    asked, read = unit(2, 4, 3), unit(3, 5, 3)
    asked_mask = torch.tensor([[True] * 4, [True, True, False, False]])
    read_mask = torch.tensor([[True] * 5, [True] * 2 + [False] * 3, [True] * 4 + [False]])
    scores = maxsim_of_lists((asked, asked_mask), (read, read_mask), [2, 1])
    by_hand = [
        [maxsim(asked[0].numpy(), read[0].numpy()), maxsim(asked[0].numpy(), read[1, :2].numpy())],
        [maxsim(asked[1, :2].numpy(), read[2, :4].numpy())],
    ]
    for of_list, expected in zip(scores, by_hand, strict=True):
        np.testing.assert_allclose(of_list.numpy(), expected, atol=1e-6)


def test_training_lifts_the_positives(tmp_path: Path, tiny_models: dict[str, Any]) -> None:
    chosen = settings(
        method="late_interaction", learning_rate=0.01, max_steps=20, batch_size=6, temperature=0.05
    )
    _, curve = train_late_interaction(tiny_models["bert"], "e", training_rows(), chosen, 8, 7, tmp_path / "a")
    first, last = (np.mean([row["loss"] for row in part]) for part in (curve[:5], curve[-5:]))
    assert last < 0.7 * first


def test_a_run_repeats_to_the_byte(tmp_path: Path, tiny_models: dict[str, Any]) -> None:
    chosen = settings(method="late_interaction")
    for name in ("a", "b"):
        train_late_interaction(tiny_models["bert"], "e", training_rows(), chosen, 8, 7, tmp_path / name)
    for path in sorted((tmp_path / "a").rglob("*.*")):
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes(), path


def test_the_best_state_is_kept_and_training_ends_early(tmp_path: Path, tiny_models: dict[str, Any]) -> None:
    """A measure that falls from the start on: the untrained state comes back."""
    values = iter([0.9, 0.8, 0.7, 0.6, 0.5])

    def measure(scorer: Any) -> float:
        assert np.isfinite(scorer([("말1", TEXTS["d1"])])).all()
        return next(values)

    watch = EarlyStopping(measure, every=2, patience=2)
    chosen = settings(method="late_interaction", learning_rate=0.05, max_steps=20)
    _, curve = train_late_interaction(
        tiny_models["bert"], "e", training_rows(), chosen, 8, 7, tmp_path / "out", watch=watch
    )
    assert (watch.best_step, len(curve)) == (0, 4)
    assert [row["dev"] for row in watch.curve] == [0.9, 0.8, 0.7]
    from safetensors.torch import load_file

    state = load_file(tmp_path / "out" / "adapter" / "adapter_model.safetensors")
    assert all(not tensor.any() for name, tensor in state.items() if "lora_B" in name)


def test_a_run_that_was_cut_off_ends_as_one_that_was_not(
    tmp_path: Path, tiny_models: dict[str, Any], own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dropout is drawn from torch's state, which the checkpoint holds."""
    monkeypatch.setattr("sunwi.train.reranker.late_interaction.CHECKPOINT_EVERY", 2)
    chosen = settings(method="late_interaction", learning_rate=0.05, max_steps=6, lora_dropout=0.5)

    def train(name: str) -> tuple[EarlyStopping, list[dict[str, float]]]:
        watch = EarlyStopping(lambda scorer: float(scorer([("말1", TEXTS["d1"])])[0]), every=2, patience=9)
        model, rows = tiny_models["bert"], training_rows()
        return watch, train_late_interaction(model, "e", rows, chosen, 8, 7, tmp_path / name, watch=watch)[1]

    whole, curve = train("whole")
    take = Optimiser.take

    def fall_over(self: Optimiser[Any], step: int, batches: Any) -> dict[str, float]:
        if step == 6:
            raise KeyboardInterrupt
        return take(self, step, batches)

    monkeypatch.setattr(Optimiser, "take", fall_over)
    with pytest.raises(KeyboardInterrupt):
        train("cut")
    steps: list[int] = []
    monkeypatch.setattr(Optimiser, "take", lambda *given: steps.append(given[1]) or take(*given))
    resumed, again = train("cut")
    assert steps == [5, 6]
    assert again == curve
    assert resumed.values == whole.values
    for path in sorted((tmp_path / "whole").rglob("*.safetensors")):
        assert path.read_bytes() == (tmp_path / "cut" / path.relative_to(tmp_path / "whole")).read_bytes()
    assert not list((own_cache / "checkpoints").iterdir())


@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 30))
def test_a_batch_repeats_no_row_and_each_pass_sees_all(size: int, batch: int, steps: int) -> None:
    batch = min(batch, size)
    rows = list(shuffled(size, batch, steps, seed=1))
    assert all(len(set(example)) == batch for example in rows)
    whole: Sequence[int] = [row for example in rows[: size // batch] for row in example]
    assert len(set(whole)) == len(whole)


def test_a_loss_that_needs_a_head_is_refused() -> None:
    with pytest.raises(ParamsError, match="binary needs a head"):
        validate(TrainRerankerParams, {"method": "late_interaction", "loss": "binary"}, "params.yaml")


def test_a_group_stays_together_and_no_row_is_lost() -> None:
    together = ["a", "b", "a", "c", "b", "a"]
    (order,) = shuffled(6, 6, 1, 3, together)
    assert sorted(order) == list(range(6))
    names = [together[row] for row in order]
    changes = sum(left != right for left, right in pairwise(names))
    assert changes == 2  # three groups, one after the other
    assert order != next(shuffled(6, 6, 1, 4, together))


def test_layers_below_the_adapter_run_once_for_each_text(
    tmp_path: Path, tiny_models: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same losses as with all layers run each time, but for the order of sums; one pass for each text."""
    chosen = settings(method="late_interaction", lora_layers=1, lora_dropout=0.0, batch_size=3)
    from transformers import AutoConfig

    folder = shutil.copytree(tiny_models["bert"].folder, tmp_path / "model")
    config = AutoConfig.from_pretrained(folder)
    config.hidden_dropout_prob = 0.0  # the layers below lose theirs where they run once
    config.save_pretrained(folder)
    model = resolve(str(folder))
    outputs = FrozenOutputs()
    curves = {}
    for name, shared in (("fresh", None), ("kept", outputs), ("again", outputs)):
        if shared is None:
            monkeypatch.setattr("sunwi.train.shared.frozen_layers.can_reuse", lambda _: False)
        _, curves[name] = train_late_interaction(
            model, "e", training_rows(), chosen, 8, 7, tmp_path / name, frozen=shared
        )
        monkeypatch.undo()
    losses = {name: [row["loss"] for row in curve] for name, curve in curves.items()}
    np.testing.assert_allclose(losses["kept"], losses["fresh"], rtol=1e-4)
    assert losses["again"] == losses["kept"]
    rows = training_rows()
    texts = {example.query for example in rows} | {text for example in rows for text in example.passages}
    assert outputs.computed == len(texts)
