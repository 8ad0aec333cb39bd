"""Weights of a hybrid query, fitted on dev questions over the scores as the server normalises them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError
from sunwi.search.labelled import LabelledQuestion, first_relevant_rank, low_overlap
from sunwi.search.ranking_quality import reciprocal_rank
from sunwi.search.servers.fill import Found

DEPTH = 100  # hits of each clause that are fused
STEP = 20  # weights are multiples of 1 / STEP
LEAST = 0.001  # what min_max gives the last hit of a clause (neural-search: MIN_SCORE)
RANK_CONSTANT = 60

Components = Mapping[str, Sequence[Found]]  # clause -> of each question its hits


@dataclass(frozen=True, slots=True)
class HybridFit:
    """How the clauses are fused: by min_max with weights that sum to 1, or by reciprocal ranks."""

    technique: Literal["min_max", "rrf"]
    weights: dict[str, float]  # of the clauses that are asked
    mrr: float
    mrr_rrf: float
    questions: int

    @property
    def names(self) -> list[str]:
        """The clauses, in the order of their weights in the pipeline."""
        return sorted(self.weights)


def min_max(found: Found, passages: int) -> npt.NDArray[np.float32]:
    """A clause's hits between 0.001 and 1, all other passages 0; shape [passages].

    As OpenSearch's normalization-processor: the only hit, or hits of one score, get 1.

    Examples
    --------
    >>> import numpy as np
    >>> hits = Found(np.array([2, 0, 1]), np.array([5.0, 3, 1], np.float32))
    >>> [round(float(x), 3) for x in min_max(hits, 4)]
    [0.5, 0.001, 1.0, 0.0]
    """
    scores = np.zeros(passages, dtype=np.float32)
    if len(found.positions):
        low, high = found.scores.min(), found.scores.max()
        scaled = (found.scores - low) / (high - low) if high > low else np.ones_like(found.scores)
        scores[found.positions] = np.where(scaled == 0, np.float32(LEAST), scaled)
    return scores


def reciprocal(found: Found, passages: int) -> npt.NDArray[np.float32]:
    """1 / (60 + rank) of a clause's hits, shape [passages]."""
    scores = np.zeros(passages, dtype=np.float32)
    scores[found.positions] = 1 / (RANK_CONSTANT + 1 + np.arange(len(found.positions), dtype=np.float32))
    return scores


def fit_hybrid(
    components: Components,
    labels: Sequence[LabelledQuestion],
    passages: int,
    threshold: float,
    min_questions: int,
    complete: bool = True,
) -> HybridFit:
    """The weights by MRR@10 on the low-overlap dev questions, or RRF where it is better there.

    RRF is no choice where a clause cannot find some passages (`complete` is false): a passage at rank 30 of
    three clauses has more (3/90) than one at rank 1 of two (2/61), and dev questions, whose passages have
    questions, do not show it.

    A cell is judged by the mean of itself and its neighbours, which move one step from one clause to
    another; ties go to the smaller weights of the first clauses. A clause of weight 0 is not asked.

    Raises
    ------
    DataError
        If there is no dev question.
    """
    if not labels:
        raise DataError("there is no dev question to fit the weights on", "give dev_queries.jsonl")
    chosen = low_overlap(labels, threshold, min_questions)
    relevant = [labels[row].relevant for row in chosen]
    names = sorted(components)
    stacked = {name: np.stack([min_max(components[name][row], passages) for row in chosen]) for name in names}

    def quality(scores: npt.NDArray[np.float32]) -> float:
        return float(reciprocal_rank(first_relevant_rank(scores, relevant)).mean())

    def fused(cell: tuple[int, ...]) -> npt.NDArray[np.float32]:
        total = np.zeros_like(stacked[names[0]])
        for name, steps in zip(names, cell, strict=True):
            total += np.float32(steps / STEP) * stacked[name]
        return total

    gains = {cell: quality(fused(cell)) for cell in cells(len(names))}
    smooth = {cell: float(np.mean([gains[near] for near in _near(cell) if near in gains])) for cell in gains}
    best = next(cell for cell in sorted(gains) if smooth[cell] >= max(smooth.values()) - 1e-12)
    weights = {name: steps / STEP for name, steps in zip(names, best, strict=True) if steps}
    ranks = sum(np.stack([reciprocal(components[name][row], passages) for row in chosen]) for name in names)
    by_ranks = quality(np.asarray(ranks))
    if complete and by_ranks > gains[best] + 1e-12:
        return HybridFit("rrf", dict.fromkeys(names, 1.0), by_ranks, by_ranks, len(chosen))
    return HybridFit("min_max", weights, gains[best], by_ranks, len(chosen))


def cells(clauses: int) -> Iterator[tuple[int, ...]]:
    """Every way to share `STEP` among the clauses.

    Examples
    --------
    >>> len(list(cells(3)))
    231
    """
    for head in product(range(STEP + 1), repeat=clauses - 1):
        if sum(head) <= STEP:
            yield (*head, STEP - sum(head))


def _near(cell: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    yield cell
    for giver, taker in product(range(len(cell)), repeat=2):
        if giver != taker and cell[giver]:
            moved = list(cell)
            moved[giver] -= 1
            moved[taker] += 1
            yield tuple(moved)
