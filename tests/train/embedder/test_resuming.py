"""A run that is killed with SIGKILL goes on from its last checkpoint and ends with the same weights."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import torch
from tests.running import Fork
from tests.train.conftest import alone, mined_rows

from sunwi.models.spec import ModelInfo
from sunwi.params.encoder import EncoderParams
from sunwi.params.train_embedder import TrainEmbedderParams
from sunwi.runtime import cache_dir
from sunwi.train.embedder.dev_evaluation import CHOSEN_BY
from sunwi.train.embedder.fit import Trained, train_embedder
from sunwi.train.shared.checkpoints import checkpoint_folder, last_checkpoint, remove_checkpoints

PARAMS = TrainEmbedderParams(
    batch_size=4, group_size=3, max_steps=6, learning_rate=1e-2, checkpoint_steps=2, freeze_layers=1
)
KILLED_AT = 3  # the dev evaluation in which the process dies: after steps 2 and 4, at the end of step 6


class CountedFigures:
    """Dev figures that depend on the weights alone; one call kills its own process."""

    def __init__(self, killed_at: int) -> None:
        self.shape = [["q"], ["d"]]
        self.calls = 0
        self.killed_at = killed_at

    def __call__(self, model: torch.nn.Module, _: object) -> dict[str, float]:
        if self.calls == self.killed_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.calls += 1
        weights = torch.cat([value.detach().flatten() for value in model.parameters()])
        return {CHOSEN_BY: round(float(weights.std()), 6)}


def run(info: ModelInfo, killed_at: int = -1) -> Trained:
    params = PARAMS.model_copy(update={"eval_steps": 2, "patience": 0})
    return train_embedder(
        info, mined_rows(20), params, 3, alone, EncoderParams(max_length=16, query_max_length=16),
        CountedFigures(killed_at),  # type: ignore[arg-type]  it stands for a DevSet
    )  # fmt: skip


def test_a_killed_run_ends_as_one_that_was_not(
    tiny_models: dict[str, ModelInfo], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tiny_models["bert"]
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # others that this process has started a fork is without
    monkeypatch.setenv("SUNWI_CACHE_DIR", str(tmp_path / "killed"))
    killed = Fork(lambda: run(info, KILLED_AT))
    _, errors = killed.communicate(timeout=300)
    assert killed.returncode == -signal.SIGKILL, errors
    resumed = run(info)
    assert resumed.resumed_from == 4
    monkeypatch.setenv("SUNWI_CACHE_DIR", str(tmp_path / "whole"))
    whole = run(info)
    assert whole.resumed_from == 0
    assert resumed.curve == whole.curve
    assert resumed.dev_curve == whole.dev_curve
    assert resumed.best_step == whole.best_step
    for name, weights in whole.state.items():
        assert torch.equal(weights, resumed.state[name]), name


class KnownFigures(CountedFigures):
    """Dev figures that are given, whatever the weights: the start's, then those of evaluations."""

    def __init__(self, *figures: float) -> None:
        super().__init__(killed_at=-1)
        self.figures = iter(figures)

    def __call__(self, *_: object) -> dict[str, float]:
        return {CHOSEN_BY: next(self.figures)}


def run_known(info: ModelInfo, *figures: float) -> Trained:
    params = PARAMS.model_copy(update={"eval_steps": 1, "patience": 2})
    limits = EncoderParams(max_length=16, query_max_length=16)
    known = KnownFigures(*figures)
    return train_embedder(info, mined_rows(20), params, 3, alone, limits, known)  # type: ignore[arg-type]  as above


def test_a_resumed_run_stops_early_where_one_that_was_not_cut_off_does(
    tiny_models: dict[str, ModelInfo], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tiny_models["bert"]
    monkeypatch.setenv("SUNWI_CACHE_DIR", str(tmp_path / "whole"))
    whole = run_known(info, 0.5, 0.9, 0.3, 0.2, 0.1)
    assert [row["step"] for row in whole.curve] == [1, 2, 3]
    assert whole.best_step == 1
    monkeypatch.setenv("SUNWI_CACHE_DIR", str(tmp_path / "cut"))
    with pytest.raises(StopIteration):
        run_known(info, 0.5, 0.9, 0.3)  # it falls over in the evaluation after step 3
    resumed = run_known(info, 0.5, 0.2, 0.1)
    assert resumed.resumed_from == 2
    assert resumed.curve == whole.curve
    for name, weights in whole.state.items():
        assert torch.equal(weights, resumed.state[name]), name


def test_a_finished_run_is_removed_and_another_run_has_another_folder(
    tiny_models: dict[str, ModelInfo], own_cache: Path
) -> None:
    trained = train_embedder(tiny_models["bert"], mined_rows(20), PARAMS, 3, alone, EncoderParams())
    assert trained.checkpoints[0].parent == cache_dir() / "checkpoints"
    assert last_checkpoint(trained.checkpoints[0]) is not None
    remove_checkpoints(trained.checkpoints[0])
    assert not trained.checkpoints[0].exists()
    assert checkpoint_folder({"seed": 1}) != checkpoint_folder({"seed": 2})


def test_a_checkpoint_that_was_cut_short_is_not_resumed(tmp_path: Path) -> None:
    for step, state in ((2, "{}"), (10, '{"global_'), (11, None)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if state is not None:
            (folder / "trainer_state.json").write_text(state, encoding="utf-8")
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-2"
    assert last_checkpoint(tmp_path / "none") is None
