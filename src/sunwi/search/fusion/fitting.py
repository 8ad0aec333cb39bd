"""Grid search of fusion weights on labelled questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError
from sunwi.params.fusion import FusionParams
from sunwi.search.fusion.normalise import cached_rows, zscore
from sunwi.search.fusion.weighted import weighted_total
from sunwi.search.labelled import LabelledQuestion, first_relevant_rank, low_overlap
from sunwi.search.passages import QueryBatch
from sunwi.search.pipeline import SearchPipeline
from sunwi.search.ranking_quality import reciprocal_rank
from sunwi.search.retrievers.base import Scores

GRIDS = ("bm25", "questions", "lexical", "sentences")  # those with a grid of weights, as its axes
ALWAYS_SHOWN = frozenset({"bm25", "questions"})  # columns of every curve; the others where they are searched


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

    The retrievers that `GRIDS` names have a grid each; dense counts 1. Each cell is judged by
    the mean over itself and its neighbours along the BM25 weights: with a few dozen questions a single peak
    is noise. Ties go to the smaller weights.

    Raises
    ------
    DataError
        If there is no dev question.
    """
    return fit_sets(pipeline, [names], queries, labels, params)[0]


def fit_sets(
    pipeline: SearchPipeline,
    sets: Sequence[Sequence[str]],
    queries: QueryBatch,
    labels: Sequence[LabelledQuestion],
    params: FusionParams,
    chosen: Sequence[int] | None = None,
) -> list[FittedFusion]:
    """The fit of each set of retrievers; each retriever scores the questions once for all sets.

    Parameters
    ----------
    chosen
        Rows of the questions that choose; None: those of low overlap.

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
    grids = [_WeightGrid(names, params, len(queries)) for names in sets]
    used = sorted({name for names in sets for name in names})
    for rows, components in pipeline.blocks(queries, used):
        normalised = {name: zscore(of_all) for name, of_all in components.items()}
        for part in cached_rows(next(iter(components.values())).shape):  # all cells while the cache has them
            of_part = {name: scores[part] for name, scores in normalised.items()}
            start = rows.start + part.start
            for grid in grids:
                grid.rank(of_part, labels[start : min(rows.start + part.stop, rows.stop)], start)
    if chosen is None:
        chosen = low_overlap(labels, params.low_overlap, params.min_questions)
    return [grid.best(labels, chosen) for grid in grids]


class _WeightGrid:
    """The weights that are tried for one set of retrievers, and each question's rank under each of them."""

    def __init__(self, names: Sequence[str], params: FusionParams, questions: int) -> None:
        self.names = names
        given = dict(
            zip(
                GRIDS,
                (
                    params.bm25_weights, params.question_weights, params.lexical_weights,
                    params.sentence_weights,
                ),
                strict=True,
            )
        )  # fmt: skip
        # rising, because neighbours in the grid are averaged and ties go to the smaller weight
        self.grids = [sorted(set(given[name])) if name in names else [0.0] for name in GRIDS]
        shape = tuple(len(grid) for grid in self.grids)
        self.weights = {
            cell: _weights(names, [grid[place] for grid, place in zip(self.grids, cell, strict=True)])
            for cell in np.ndindex(shape)
        }
        # [weights of each of GRIDS, questions]
        self.ranks = np.empty((*shape, questions), dtype=np.int64)

    def rank(self, normalised: Mapping[str, Scores], labels: Sequence[LabelledQuestion], start: int) -> None:
        """Rank the labels' passages, of which the first is question `start`, by every cell's weights."""
        relevant = [label.relevant for label in labels]
        own = {name: normalised[name] for name in self.names}
        for cell, weights in self.weights.items():
            fused = weighted_total(own, weights)
            self.ranks[(*cell, slice(start, start + len(labels)))] = first_relevant_rank(fused, relevant)

    def best(self, labels: Sequence[LabelledQuestion], chosen: Sequence[int]) -> FittedFusion:
        """The cell that the chosen questions prefer, and the whole curve."""
        gains = reciprocal_rank(self.ranks)
        low = gains[..., chosen].mean(axis=-1)
        best = first_largest(smooth(low))
        shown = ALWAYS_SHOWN.union(self.names)
        columns = [(axis, name) for axis, name in enumerate(GRIDS) if name in shown]
        curve = [
            {
                **{f"{name}_weight": self.grids[axis][cell[axis]] for axis, name in columns},
                "low_overlap_mrr": round(float(low[cell]), 6),
                "all_mrr": round(float(gains[cell].mean()), 6),
            }
            for cell in self.weights
        ]
        return FittedFusion(
            weights=self.weights[best],
            low_overlap_mrr=float(low[best]),
            all_mrr=float(gains[best].mean()),
            questions=len(labels),
            low_overlap_questions=len(chosen),
            curve=curve,
        )


def _weights(names: Sequence[str], of_grids: Sequence[float]) -> dict[str, float]:
    values = {**dict(zip(GRIDS, of_grids, strict=True)), "dense": 1.0}
    return {name: values[name] for name in sorted(names)}


def smooth(cells: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Mean over each cell and its neighbours along the BM25 weights (cut at the borders).

    Not along the others' weights: a weight of 0 there means that the index is not used at all.
    """
    return np.stack([cells[max(0, at - 1) : at + 2].mean(axis=0) for at in range(len(cells))])


def first_largest(cells: npt.NDArray[np.float64]) -> tuple[int, ...]:
    """First largest cell, compared to 1e-12 so that the sum's order does not decide."""
    flat = int(np.flatnonzero(cells.ravel() >= cells.max() - 1e-12)[0])
    return tuple(int(at) for at in np.unravel_index(flat, cells.shape))
