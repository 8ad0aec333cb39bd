"""Calibrated fusion: weights fitted on the low-overlap part of the dev questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError
from sunwi.params import FusionParams, Params
from sunwi.search.batch import QueryBatch
from sunwi.search.fusion import weighted_total, zscore
from sunwi.search.labelled import LabelledQuestion, first_relevant_rank, low_overlap, reciprocal_rank
from sunwi.search.pipeline import SearchPipeline


@dataclass(frozen=True, slots=True)
class FittedFusion:
    """The weights (dense counts 1), MRR@10 there and elsewhere, and the whole curve."""

    weights: dict[str, float]
    low_overlap_mrr: float
    all_mrr: float
    questions: int
    low_overlap_questions: int
    curve: list[dict[str, float]]


def fit_fusion(
    pipeline: SearchPipeline,
    names: Sequence[str],
    queries: QueryBatch,
    labels: Sequence[LabelledQuestion],
    params: FusionParams,
) -> FittedFusion:
    """Grid search of the weights by MRR@10 on the low-overlap dev questions.

    Each cell is judged by the mean over itself and its neighbours along the BM25 weights: with a few dozen
    questions a single peak is noise. Ties go to the smaller weights.

    Raises
    ------
    DataError
        If there is no dev question.
    """
    if not labels:
        raise DataError(
            "there is no dev question to fit the fusion on",
            "raise qa.dev_share, or give dev_queries.jsonl and dev_qrels.tsv",
        )
    chosen = low_overlap(labels, params.low_overlap, params.min_questions)
    # rising, because neighbours in the grid are averaged and ties go to the smaller weight
    grid_questions = sorted(set(params.question_weights)) if "questions" in names else [0.0]
    grid_bm25 = sorted(set(params.bm25_weights)) if "bm25" in names else [0.0]
    ranks = np.empty((len(grid_bm25), len(grid_questions), len(queries)), dtype=np.int64)
    for rows, components in pipeline.blocks(queries, names):
        relevant = [label.relevant for label in labels[rows]]
        normalised = {name: zscore(of_all) for name, of_all in components.items()}
        for (at, bm25), (to, asked) in product(enumerate(grid_bm25), enumerate(grid_questions)):
            fused = weighted_total(normalised, _weights(names, bm25, asked))
            ranks[at, to, rows] = first_relevant_rank(fused, relevant)
    gains = reciprocal_rank(ranks)  # [bm25 weights, question weights, questions]
    low = gains[:, :, chosen].mean(axis=2)
    best = _argmax(_smooth(low))
    weights = _weights(names, grid_bm25[best[0]], grid_questions[best[1]])
    curve = [
        {
            "bm25_weight": grid_bm25[at],
            "questions_weight": grid_questions[to],
            "low_overlap_mrr": round(float(low[at, to]), 6),
            "all_mrr": round(float(gains[at, to].mean()), 6),
        }
        for at, to in product(range(len(grid_bm25)), range(len(grid_questions)))
    ]
    return FittedFusion(
        weights, float(low[best]), float(gains[best].mean()), len(labels), len(chosen), curve
    )  # fmt: skip


def _weights(names: Sequence[str], bm25: float, questions: float) -> dict[str, float]:
    values = {"bm25": bm25, "dense": 1.0, "questions": questions}
    return {name: values[name] for name in sorted(names)}


def _smooth(cells: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Mean over each cell and its neighbours along the BM25 weights (cut at the borders).

    Not along the question weights: a weight of 0 there means that the index is not used at all.
    """
    return np.stack([cells[max(0, at - 1) : at + 2].mean(axis=0) for at in range(len(cells))])


def _argmax(cells: npt.NDArray[np.float64]) -> tuple[int, int]:
    """First largest cell, compared to 1e-12 so that the sum's order does not decide."""
    flat = int(np.flatnonzero(cells.ravel() >= cells.max() - 1e-12)[0])
    return flat // cells.shape[1], flat % cells.shape[1]


RETRIEVERS = ("bm25", "dense", "questions")
SETS = [names for size in (1, 2, 3) for names in combinations(RETRIEVERS, size)]


@dataclass(frozen=True, slots=True)
class FittedSets:
    """A fitted fusion for each set of retrievers, named by its members ("bm25+dense")."""

    fits: dict[str, FittedFusion]

    @property
    def weights(self) -> dict[str, dict[str, float]]:
        """Set to its weights."""
        return {name: fit.weights for name, fit in self.fits.items()}

    @property
    def metrics(self) -> dict[str, Any]:
        """Set to weights, MRR@10 and counts."""
        return {
            name: {
                "weights": fit.weights,
                "low_overlap_mrr": round(fit.low_overlap_mrr, 6),
                "all_mrr": round(fit.all_mrr, 6),
                "questions": fit.questions,
                "low_overlap_questions": fit.low_overlap_questions,
            }
            for name, fit in self.fits.items()
        }

    def curve(self, name: str) -> list[dict[str, float]]:
        """Every cell of one set's grid, for a plot."""
        return self.fits[name].curve


def fit_all(
    pipeline: SearchPipeline, queries: QueryBatch, labels: Sequence[LabelledQuestion], params: Params
) -> FittedSets:
    """Fit every set of retrievers that a variant may name."""
    fits = {"+".join(names): fit_fusion(pipeline, names, queries, labels, params.fusion) for names in SETS}
    return FittedSets(fits)
