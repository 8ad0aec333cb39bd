"""A look at a reranker early in its training: how likely is it that its blend weight will be above 0?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sunwi.records.mined import CandidateList
from sunwi.search.ranking_quality import first_ranks, reciprocal_rank
from sunwi.search.rerank.blend import FIRST, ScoredList, ranked_relevance
from sunwi.search.rerank.rerankers import PairScorer
from sunwi.train.reranker.scored import list_pairs

if TYPE_CHECKING:
    import torch

Floats = npt.NDArray[np.float64]
LOOK_QUESTIONS = 100  # of a look at most, those of the lowest overlap: a look must cost less than it saves
SAMPLES = 10_000  # of the bootstrap
FIRST_STEP = 2  # the learning rate of step 1 is 0: a look there sees the untrained model


def look_step(share: float, max_steps: int) -> int | None:
    """The step of the look: `share` of the budget, rounded up; None if it is off or no step follows it.

    Examples
    --------
    >>> look_step(0.1, 80), look_step(0.1, 8), look_step(0.0, 80), look_step(0.1, 2)
    (8, 2, None, None)
    """
    step = max(FIRST_STEP, math.ceil(share * max_steps))
    return step if share and step < max_steps else None


@dataclass(slots=True)
class EarlyLook:
    """Scores dev lists once and ends the training if its blend weight is too unlikely to be above 0.

    Attributes
    ----------
    step
        When it looks.
    name
        Of the scorer in training.
    lists, scored
        Dev lists, and their candidates under the retriever and the untrained scorers.
    weights
        Grid of each scorer's weight.
    least_chance
        The chance below which training ends.
    chance
        What the look found; None before it, and where no question moved.
    """

    step: int
    name: str
    lists: Sequence[CandidateList]
    texts: Mapping[str, str]
    depth: int
    scored: Sequence[ScoredList]
    weights: Sequence[float]
    least_chance: float
    seed: int
    chance: float | None = None

    def __call__(self, step: int, model: torch.nn.Module, scorer: PairScorer) -> bool:
        """Look if it is time for it; return whether training should end."""
        if step != self.step or not self.lists:
            return False
        training = model.training
        model.eval()
        pairs, borders = list_pairs(self.lists, self.texts, self.depth)
        values = np.split(scorer(pairs), borders)
        model.train(training)
        live = [
            ScoredList({**scored_list.scores, self.name: new_scores}, scored_list.relevant)
            for scored_list, new_scores in zip(self.scored, values, strict=True)
        ]
        self.chance = weight_chance(live, self.name, self.weights, self.seed)
        return self.stopped

    @property
    def stopped(self) -> bool:
        """Whether the look ended the training."""
        return self.chance is not None and self.chance < self.least_chance

    @property
    def metrics(self) -> dict[str, Any]:
        """What it found, where it ended the training; nothing otherwise."""
        if not self.stopped:
            return {}
        return {"stopped_early": {"step": self.step, "chance": round(self.chance or 0.0, 6)}}


def weight_chance(
    lists: Sequence[ScoredList], name: str, grid: Sequence[float], seed: int, samples: int = SAMPLES
) -> float | None:
    """Share of the bootstrap samples of the lists on which `fit_blend` gives a scorer a weight above 0.

    All scorers of the lists are fitted together, so a gain that an untrained one gives as well is not the
    trained one's. None where the scorer moves no question at any weight: nothing is known yet.
    """
    names = sorted(lists[0].scores.keys() - {FIRST})
    cells = [dict(zip(names, values, strict=True)) for values in product(sorted(grid), repeat=len(names))]
    cells.sort(
        key=lambda cell: (sum(cell.values()), cell[name])
    )  # ties as in `fit_blend`, then the trained last
    gains = np.stack([_reciprocal_ranks(lists, cell) for cell in cells], axis=1)  # [lists, cells]
    without = {tuple(cell.values()): column for cell, column in zip(cells, gains.T, strict=True)}
    moved = any(
        not np.array_equal(column, without[tuple((cell | {name: 0.0}).values())])
        for cell, column in zip(cells, gains.T, strict=True)
    )
    if not moved:
        return None
    draw = np.random.Generator(np.random.PCG64(seed))
    counts = draw.multinomial(len(lists), np.full(len(lists), 1 / len(lists)), size=samples)
    totals = counts.astype(np.float64) @ gains
    best = np.argmax(totals >= totals.max(axis=1, keepdims=True) - 1e-9, axis=1)  # the first of equal ones
    return float(np.array([cell[name] > 0 for cell in cells])[best].mean())


def _reciprocal_ranks(lists: Sequence[ScoredList], weights: Mapping[str, float]) -> Floats:
    return reciprocal_rank(first_ranks(ranked_relevance(lists, weights)), cutoff=np.inf)
