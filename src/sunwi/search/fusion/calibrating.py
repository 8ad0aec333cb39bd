"""Calibrated fusion: priors moved by people's dev questions, with the best single retriever as the floor."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError
from sunwi.params.fusion import FusionParams
from sunwi.search.fusion.fitting import fit_sets
from sunwi.search.fusion.normalise import cached_rows, zscore
from sunwi.search.fusion.priors import Weight, retriever_priors, shrunk
from sunwi.search.fusion.single_floor import Floor, hold_floor
from sunwi.search.fusion.weighted import weighted_total
from sunwi.search.labelled import NATURAL, LabelledQuestion, first_relevant_rank, low_overlap
from sunwi.search.passages import QueryBatch
from sunwi.search.pipeline import SearchPipeline
from sunwi.search.ranking_quality import reciprocal_rank

QUESTIONS = "questions"
RETRIEVERS = ("bm25", "dense", "lexical", QUESTIONS, "sentences")
Weights = Mapping[str, float]  # of each retriever of a set
Floats = npt.NDArray[np.float64]


def sets_of(retrievers: Collection[str]) -> list[tuple[str, ...]]:
    """Every set of the retrievers that are there, by size and then by name."""
    known = [name for name in RETRIEVERS if name in retrievers]
    return [names for size in range(1, len(known) + 1) for names in combinations(known, size)]


@dataclass(frozen=True, slots=True)
class CalibratedFusion:
    """The weights of one set, where each came from, and what they reach on the dev questions.

    `floor` is None where fewer than two retrievers are judged.
    """

    weights: dict[str, float]
    origin: dict[str, Weight]
    floor: Floor | None
    low_overlap_mrr: float
    all_mrr: float
    natural_mrr: float | None
    questions: int
    low_overlap_questions: int

    def as_metrics(self) -> dict[str, Any]:
        """What metrics/fusion_WHICH.json shows of the set."""
        return {
            "weights": self.weights,
            "origin": {name: weight.as_metrics() for name, weight in sorted(self.origin.items())},
            "floor": self.floor.as_metrics() if self.floor else None,
            "low_overlap_mrr": round(self.low_overlap_mrr, 6),
            "all_mrr": round(self.all_mrr, 6),
            "natural_mrr": round(self.natural_mrr, 6) if self.natural_mrr is not None else None,
            "questions": self.questions,
            "low_overlap_questions": self.low_overlap_questions,
        }


@dataclass(frozen=True, slots=True)
class CalibratedSets:
    """A calibrated fusion for each set of retrievers, named by its members ("bm25+dense")."""

    fusions: dict[str, CalibratedFusion]

    @property
    def weights(self) -> dict[str, dict[str, float]]:
        """Set to its weights."""
        return {name: fusion.weights for name, fusion in self.fusions.items()}

    @property
    def metrics(self) -> dict[str, Any]:
        """Set to weights, their origin, the floor and MRR@10."""
        return {name: fusion.as_metrics() for name, fusion in self.fusions.items()}


def calibrate_sets(
    pipeline: SearchPipeline,
    queries: QueryBatch,
    labels: Sequence[LabelledQuestion],
    params: FusionParams,
    generators: Sequence[str] = (),
) -> CalibratedSets:
    """Weights of every set of the pipeline's retrievers; a variant may name any.

    People's dev questions alone fit weights: questions that were made from a passage prefer others than
    people do (docs/results/ranking.md). The floor is judged on people's questions where there are
    `fusion.min_questions`, else on the low-overlap part of all, and then without the question index: to a
    made question it looks worse than it is to people, for its passage's others were made to differ from it.

    Parameters
    ----------
    generators
        Who wrote each question of the index: its prior is another one for templates.

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
    sets = sets_of(pipeline.retrievers)
    origins = _origins(pipeline, sets, queries, labels, params, generators)
    weights = [_usable({name: weight.value for name, weight in origin.items()}) for origin in origins]
    gains = _gains(pipeline, list(zip(sets, weights, strict=True)), queries, labels)
    natural = [row for row, label in enumerate(labels) if label.style == NATURAL]
    low = low_overlap(labels, params.low_overlap, params.min_questions)
    by_people = len(natural) >= params.min_questions
    judges = natural if by_people else low
    chosen, part = [labels[row] for row in judges], _rows(queries, judges)
    singles = {names[0]: gains[at][judges] for at, names in enumerate(sets) if len(names) == 1}

    known = {_key(used): gains[at][judges] for at, used in enumerate(weights)}

    def judged(moved: Weights) -> Floats:
        if _key(moved) in known:  # most are not moved: they are ranked once
            found: Floats = known[_key(moved)]
        else:
            found = _gains(pipeline, [(tuple(sorted(moved)), moved)], part, chosen)[0]
        return found

    fusions = {}
    for at, (names, origin) in enumerate(zip(sets, origins, strict=True)):
        floor, reached, used = None, gains[at], weights[at]
        under = {name: used[name] for name in names if by_people or name != QUESTIONS}
        if len(under) > 1:
            floor = hold_floor(under, {name: singles[name] for name in under}, judged)
            if floor.share:
                used = {**used, **floor.weights}
                reached = _gains(pipeline, [(names, used)], queries, labels)[0]
        fusions["+".join(names)] = CalibratedFusion(
            weights=used,
            origin=origin,
            floor=floor,
            low_overlap_mrr=float(reached[low].mean()),
            all_mrr=float(reached.mean()),
            natural_mrr=float(reached[natural].mean()) if natural else None,
            questions=len(labels),
            low_overlap_questions=len(low),
        )
    return CalibratedSets(fusions)


def _origins(
    pipeline: SearchPipeline,
    sets: Sequence[tuple[str, ...]],
    queries: QueryBatch,
    labels: Sequence[LabelledQuestion],
    params: FusionParams,
    generators: Sequence[str],
) -> list[dict[str, Weight]]:
    """Of each set, every retriever's weight with its prior and what people's questions prefer.

    Without dense search there is nothing that counts 1: the priors' proportions hold.
    """
    priors = retriever_priors(params.priors, generators)
    natural = [row for row, label in enumerate(labels) if label.style == NATURAL]
    fitted: dict[tuple[str, ...], Weights] = {}
    weighed = [names for names in sets if len(names) > 1 and "dense" in names]
    if natural and weighed:
        of_people = [labels[row] for row in natural]
        every = list(range(len(natural)))
        fits = fit_sets(pipeline, weighed, _rows(queries, natural), of_people, params, every)
        fitted = {names: fit.weights for names, fit in zip(weighed, fits, strict=True)}
    return [
        {
            name: shrunk(
                priors[name],
                fitted[names][name] if names in fitted and name != "dense" else None,
                len(natural),
                params.prior_questions,
            )
            for name in names
        }
        for names in sets
    ]


def _usable(weights: dict[str, float]) -> dict[str, float]:
    """The weights; a single retriever counts 1, and so does each where none would count."""
    if len(weights) == 1 or not any(weights.values()):
        return dict.fromkeys(weights, 1.0)
    return weights


def _gains(
    pipeline: SearchPipeline,
    fusions: Sequence[tuple[tuple[str, ...], Weights]],
    queries: QueryBatch,
    labels: Sequence[LabelledQuestion],
) -> Floats:
    """Reciprocal rank at 10 of each question under each fusion, [fusions, questions]."""
    ranks = np.empty((len(fusions), len(labels)), dtype=np.int64)
    used = sorted({name for names, _ in fusions for name in names})
    for rows, components in pipeline.blocks(queries, used):
        for part in cached_rows(next(iter(components.values())).shape):
            normalised = {name: zscore(scores[part]) for name, scores in components.items()}
            at = slice(rows.start + part.start, min(rows.start + part.stop, rows.stop))
            relevant = [label.relevant for label in labels[at]]
            for place, (names, weights) in enumerate(fusions):
                fused = weighted_total({name: normalised[name] for name in names}, weights)
                ranks[place, at] = first_relevant_rank(fused, relevant)
    return reciprocal_rank(ranks)


def _key(weights: Weights) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(weights.items()))


def _rows(queries: QueryBatch, rows: Sequence[int]) -> QueryBatch:
    return QueryBatch(
        [queries.qids[row] for row in rows],
        [queries.texts[row] for row in rows],
        [queries.terms[row] for row in rows],
        queries.vectors[list(rows)],
    )
