"""A soup of seeds is the mean of the trainings' weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from sunwi.train.embedder.fit import Trained
from sunwi.train.embedder.soup import SEED_STEP, soup_of


def training(seed: int) -> Trained:
    state = {"w": torch.tensor([float(seed), 1.0]), "positions": torch.tensor([3])}
    heads = {"colbert_linear": {"w": torch.tensor([2.0 * seed])}}
    return Trained(state, heads, [{"step": 1, "loss": float(seed)}], [], 1, 2, 0, 0, 0, (Path(f"run{seed}"),))


def test_the_mean_of_three_seeds() -> None:
    mixed = soup_of(3, 7, training)
    assert mixed.state["w"].tolist() == pytest.approx([7 + SEED_STEP, 1.0])
    assert mixed.heads["colbert_linear"]["w"].tolist() == pytest.approx([2.0 * (7 + SEED_STEP)])
    assert mixed.state["positions"].tolist() == [3]  # no number of the model: as it is
    assert mixed.checkpoints == tuple(Path(f"run{7 + SEED_STEP * at}") for at in range(3))
    assert mixed.curve == training(7).curve


def test_one_seed_is_the_training_itself() -> None:
    asked: list[int] = []

    def train(seed: int) -> Trained:
        asked.append(seed)
        return training(seed)

    mixed = soup_of(1, 7, train)
    assert asked == [7]
    assert torch.equal(mixed.state["w"], training(7).state["w"])
