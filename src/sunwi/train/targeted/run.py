"""The targeted second stage: a short training on failures, early stopping, and the gate."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sunwi.models.encoder import Encoder
from sunwi.records.failures import AugmentedFailure
from sunwi.records.mined import CandidateList
from sunwi.search.rerank.blend import FIRST, ScoredList, fit_blend, list_mrr
from sunwi.search.rerank.rerankers import PairScorer, Rerankers
from sunwi.search.rerank.trained import trained_reranker
from sunwi.train.reranker.blend_weights import Blend, fit_calibration, refitted
from sunwi.train.reranker.early_look import weight_chance
from sunwi.train.reranker.run import STOPPED_EARLY, Start, look_lists, train_by_method
from sunwi.train.reranker.scored import list_pairs, score_lists
from sunwi.train.shared.early_stopping import EarlyStopping
from sunwi.train.targeted.folds import tune_by_folds
from sunwi.train.targeted.gate import GateVerdict
from sunwi.train.targeted.judging import Targeted, TargetedData, judged, kept, settings_of, stage_lists
from sunwi.train.targeted.partition import parts_of
from sunwi.train.targeted.settings import TargetedSections


def tune_targeted(
    params: TargetedSections,
    data: TargetedData,
    encoder: Encoder,
    embedder: Path,
    first: Path,
    blend: Blend,
    out: Path,
) -> Targeted:
    """Train a second stage on `first` and write `out`: the second stage if it passes the gate, else a copy of
    `first` with its blend weights.

    Dev questions are divided by document into those for training, those for early stopping (whose questions
    of people also move the second stage's blend weights from the priors), and those for the gate; with
    `folds`, see `tune_by_folds`.
    """
    parts = parts_of(
        [question for question in data.lists if question.split == "dev"],
        data.documents,
        params.train_reranker_targeted,
    )
    if params.train_reranker_targeted.folds:  # every dev question trains, and is judged by the other folds
        parts = {"train": parts["train"] + parts["stop"] + parts["gate"], "stop": [], "gate": []}
    held_out = {question.qid for part in ("stop", "gate") for question in parts[part]}
    rows = [row for row in data.augmented if row.source not in held_out]
    counts: dict[str, Any] = {
        "failures_trained": len({row.source for row in rows}),
        "questions_trained": len(rows),
        **{f"lists_{part}": len(lists) for part, lists in parts.items()},
    }
    if reason := _nothing_to_do(params, rows, first):
        return kept(first, blend, out, GateVerdict(False, reason), counts)
    depth = params.train_reranker.depth
    trained = trained_reranker(first)
    rerankers = Rerankers(encoder, trained, params.encoder, params.train_reranker.max_length)
    assert trained is not None  # else _nothing_to_do gave a reason
    settings = params.train_reranker
    if settings.early_look:
        seen = score_lists(look_lists(params, data.lists), data.texts, rerankers, depth)
        chance = weight_chance(seen, trained.name, settings.weights, params.seed)
        if chance is not None and chance < settings.early_look_chance:
            counts["stopped_early"] = {"step": 0, "chance": round(chance, 6)}
            reason = "dev promises the first stage no blend weight, so the second stage was not started"
            return kept(first, blend, out, GateVerdict(False, reason), counts)
    if params.train_reranker_targeted.folds:
        return tune_by_folds(params, data, encoder, embedder, first, blend, out)
    before = {part: score_lists(lists, data.texts, rerankers, depth) for part, lists in parts.items()}
    training = stage_lists(params, data, rows, parts["train"], before["train"], blend)
    watch = _watch(params, parts["stop"], data.texts, before["stop"], trained.name)
    start = Start(first, params.train_reranker_targeted.start == "merged")
    with tempfile.TemporaryDirectory(prefix="sunwi-targeted-") as folder:
        second = Path(folder) / "reranker"
        facts, curve = train_by_method(
            params, settings_of(params, training), training, embedder, second, start, watch
        )
        counts |= {**facts, "dev_curve": watch.curve if watch else []}
        counts["best_step"] = watch.best_step if watch else facts["steps"]
        if counts["best_step"] == 0:  # the first stage stays: nothing to score
            metrics, _ = judged(params, before["gate"], before["gate"], blend, blend)
            reason = "no step was better than the start on the questions for early stopping"
            verdict = GateVerdict(False, reason)
            return kept(first, blend, out, verdict, {**metrics, **counts}, curve)
        tuned = Rerankers(encoder, trained_reranker(second), params.encoder, params.train_reranker.max_length)
        after = {part: score_lists(parts[part], data.texts, tuned, depth) for part in ("stop", "gate")}
        weights = refitted(blend, parts["stop"], after["stop"], tuned.names, params)
        metrics, verdict = judged(params, before["gate"], after["gate"], blend, weights)
        metrics |= counts
        if not verdict.promoted:
            return kept(first, blend, out, verdict, metrics, curve)
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(second, out)
    calibration, errors = fit_calibration(after["stop"], weights)
    metrics |= {"calibration": errors, "promoted": True, "reason": verdict.reason}
    return Targeted(weights, calibration, metrics, curve)


def _nothing_to_do(params: TargetedSections, rows: Sequence[AugmentedFailure], first: Path) -> str | None:
    if not params.train_reranker_targeted.enabled:
        return "train_reranker_targeted.enabled is false"
    if trained_reranker(first) is None:
        stopped = (first / STOPPED_EARLY).exists()
        return (
            "the first stage was stopped early" if stopped else "there is no trained reranker to go on from"
        )
    return None if rows else "no failure to train on"


def _watch(
    params: TargetedSections,
    lists: Sequence[CandidateList],
    texts: dict[str, str],
    scored: list[ScoredList],
    name: str,
) -> EarlyStopping | None:
    """Early stopping by the best blend's MRR on the stop part, if it has questions; other scores stay."""
    if not lists:
        return None
    pairs, borders = list_pairs(lists, texts, params.train_reranker.depth)

    def best_mrr(lists: Sequence[ScoredList]) -> float:
        names = sorted(lists[0].scores.keys() - {FIRST})
        return list_mrr(lists, fit_blend(lists, names, params.train_reranker.weights)[0])

    def measure(scorer: PairScorer) -> float:
        values = np.split(scorer(pairs), borders)
        return best_mrr(
            [
                ScoredList({**scored_list.scores, name: new_scores}, scored_list.relevant)
                for scored_list, new_scores in zip(scored, values, strict=True)
            ]
        )

    targeted = params.train_reranker_targeted
    return EarlyStopping(
        measure,
        targeted.evaluate_every,
        targeted.patience,
        start=best_mrr(scored),
        questions=[question.qid for question in lists] + [text for pair in pairs for text in pair],
    )
