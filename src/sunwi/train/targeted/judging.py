"""What the second stage reads and ends with, and how both stages are judged on the same questions."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sunwi.params.train_reranker import TrainRerankerParams
from sunwi.records.failures import AugmentedFailure
from sunwi.records.mined import CandidateList
from sunwi.search.rerank.blend import ScoredList, ranked_relevance
from sunwi.train.reranker.blend_weights import Blend, Calibration
from sunwi.train.reranker.lists import TrainingList
from sunwi.train.reranker.movement import movement
from sunwi.train.reranker.quality import quality, solved
from sunwi.train.targeted.gate import GateVerdict, decide
from sunwi.train.targeted.lists import failure_lists, replayed
from sunwi.train.targeted.settings import TargetedSections

KIND = "both"  # the set of rerankers whose blend is judged: all available ones


@dataclass(frozen=True, slots=True)
class TargetedData:
    """What the second stage reads: candidate lists, the documents that answer them, augmented failures."""

    lists: Sequence[CandidateList]
    documents: Mapping[str, Collection[str]]  # question id to the documents that answer it
    augmented: Sequence[AugmentedFailure]
    texts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Targeted:
    """The end of a second stage: blend weights, their calibration, metrics and the loss curve.

    `calibration` is None where the first stage is kept with its own.
    """

    blend: Blend
    calibration: Calibration | None
    metrics: dict[str, Any]
    curve: list[dict[str, float]]


def settings_of(params: TargetedSections, lists: Sequence[TrainingList]) -> TrainRerankerParams:
    """The first stage's settings with the second stage's budget and rate, for so many lists."""
    section = params.train_reranker_targeted
    return params.train_reranker.model_copy(
        update={
            "max_steps": section.max_steps,
            "learning_rate": section.learning_rate,
            "batch_size": min(params.train_reranker.batch_size, len(lists)),
        }
    )


def kept(
    first: Path,
    blend: Blend,
    out: Path,
    verdict: GateVerdict,
    facts: Mapping[str, Any],
    curve: Sequence[dict[str, float]] = (),
) -> Targeted:
    """Keep stage 1: its files and its weights."""
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(first, out, copy_function=shutil.copyfile)
    return Targeted(blend, None, {**facts, "promoted": False, "reason": verdict.reason}, list(curve))


def stage_lists(
    params: TargetedSections,
    data: TargetedData,
    rows: Sequence[AugmentedFailure],
    part: Sequence[CandidateList],
    scored: Sequence[ScoredList],
    blend: Blend,
) -> list[TrainingList]:
    """Failures with their paraphrases, then solved questions, of the train part and of the train split."""
    right = solved(ranked_relevance(scored, blend.get(KIND, {})))
    solved_questions = [question for question, is_solved in zip(part, right, strict=True) if is_solved]
    used = {row.source for row in rows}
    solved_questions += [
        question
        for question in data.lists
        if question.split == "train" and question.positive_rank == 1 and question.qid not in used
    ]
    by_id = {question.qid: question for question in data.lists}
    count = round(params.train_reranker_targeted.replay * len(rows))
    share = params.train_reranker.max_positive_share
    share = params.mining.max_positive_share if share is None else share
    return [
        *failure_lists(rows, by_id, data.texts) * params.train_reranker_targeted.failure_weight,
        *replayed(solved_questions, data.texts, params.train_reranker, share, count),
    ]


def judged(
    params: TargetedSections,
    before: Sequence[ScoredList],
    after: Sequence[ScoredList],
    first: Blend,
    second: Blend,
) -> tuple[dict[str, Any], GateVerdict]:
    """Quality of both on the gate part (all, its failures, its solved ones), what moved, and the verdict."""
    old = ranked_relevance(before, first.get(KIND, {}))
    new = ranked_relevance(after, second.get(KIND, {}))
    was, now = solved(old), solved(new)
    moved = movement(was, now, params.seed, params.score.confidence)
    rows = {"all": np.arange(len(was)), "failures": np.flatnonzero(~was), "solved": np.flatnonzero(was)}
    metrics: dict[str, Any] = {**moved.as_metrics(), "second_weights": second}
    for part, chosen in rows.items():
        for when, hits in (("before", old), ("after", new)):
            values = quality(hits[chosen])
            metrics |= {f"{part}_{name}_{when}": value for name, value in values.items()}
    return metrics, decide(moved, params.train_reranker_targeted)
