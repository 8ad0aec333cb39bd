"""A look at a reranker early in its training: is it certain that no blend weight will help?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sunwi.params.score import ScoreParams
from sunwi.records.mined import CandidateList
from sunwi.score.significance import bca_intervals
from sunwi.search.ranking_quality import first_ranks, reciprocal_rank
from sunwi.search.rerank.blend import ScoredList, ranked_relevance
from sunwi.search.rerank.rerankers import PairScorer
from sunwi.train.reranker.scored import list_pairs

if TYPE_CHECKING:
    import torch

Floats = npt.NDArray[np.float64]
LOOK_QUESTIONS = 100  # of a look at most, those of the lowest overlap: a look must cost less than it saves
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
    """Scores dev lists once and ends the training if no positive weight has a gain that may be above 0.

    Attributes
    ----------
    step
        When it looks.
    name
        Of the scorer in training.
    lists, scored
        Dev lists, and their candidates under all other scorers.
    blend
        The weights to gain on, without the scorer in training or with its state before.
    weights
        Grid of each scorer's weight; cells that give the trained one 0 are left out.
    upper
        Largest upper end of the gains' intervals, in MRR; None before the look, and where no question moved.
    """

    step: int
    name: str
    lists: Sequence[CandidateList]
    texts: Mapping[str, str]
    depth: int
    scored: Sequence[ScoredList]
    blend: Mapping[str, float]
    weights: Sequence[float]
    score: ScoreParams
    seed: int
    upper: float | None = None

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
        self.upper = largest_upper_end(
            self._gains(live), self.score.confidence, self.score.bootstrap, self.seed
        )
        return self.stopped

    @property
    def stopped(self) -> bool:
        """Whether the look ended the training."""
        return self.upper is not None and self.upper <= 0

    @property
    def metrics(self) -> dict[str, Any]:
        """What it found, where it ended the training; nothing otherwise."""
        return (
            {"stopped_early": {"step": self.step, "upper": round(self.upper or 0.0, 6)}}
            if self.stopped
            else {}
        )

    def _gains(self, live: Sequence[ScoredList]) -> Floats:
        """Difference in reciprocal rank of each question by each cell of the grid, [questions, cells]."""
        before = _reciprocal_ranks(self.scored, self.blend)
        names = sorted({self.name, *self.blend})
        cells = [dict(zip(names, values, strict=True)) for values in product(self.weights, repeat=len(names))]
        cells = [cell for cell in cells if cell[self.name] > 0]
        return np.stack([_reciprocal_ranks(live, cell) - before for cell in cells], axis=1)


def largest_upper_end(gains: Floats, confidence: float, resamples: int, seed: int) -> float | None:
    """Largest upper end of the bootstrap intervals of column means; None where every gain is 0.

    Where no question moved at any weight nothing is known yet, whatever the interval says.
    """
    if not gains.any():
        return None
    return float(bca_intervals(gains, confidence, resamples, seed)[:, 1].max())


def _reciprocal_ranks(lists: Sequence[ScoredList], weights: Mapping[str, float]) -> Floats:
    return reciprocal_rank(first_ranks(ranked_relevance(lists, weights)), cutoff=np.inf)
