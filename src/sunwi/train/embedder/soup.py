"""A soup of seeds: the mean of several trainings' weights, one model (Wortsman et al. 2022)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from sunwi.train.embedder.fit import Trained

if TYPE_CHECKING:
    import torch

SEED_STEP = 1000  # between the seeds of a soup; rounds count by 1


def soup_of(seeds: int, seed: int, train: Callable[[int], Trained]) -> Trained:
    """Train `seeds` times from the same start and average the weights; one seed is that training itself.

    Curves, steps and counts are those of the first training. Two trainings are in memory at a time.

    Parameters
    ----------
    train
        From a seed to a training. It must start from the same weights each time, else a mean has no meaning.
    """
    first = train(seed)
    mean, checkpoints = first, first.checkpoints
    for number in range(1, seeds):
        other = train(seed + number * SEED_STEP)
        share = 1 / (number + 1)
        heads = {name: _mixed(mean.heads[name], other.heads[name], share) for name in mean.heads}
        checkpoints = (*checkpoints, *other.checkpoints)
        mean = replace(
            first, state=_mixed(mean.state, other.state, share), heads=heads, checkpoints=checkpoints
        )
    return mean


def _mixed(
    left: Mapping[str, torch.Tensor], right: Mapping[str, torch.Tensor], share: float
) -> dict[str, torch.Tensor]:
    """(1 - share) * left + share * right, where both are numbers of the model; the left one's elsewhere."""
    return {
        name: tensor + share * (right[name] - tensor) if tensor.is_floating_point() else tensor
        for name, tensor in left.items()
    }
