"""One reranker run from candidate lists to the saved models and the blend weights."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.params.train_reranker import TrainRerankerParams
from sunwi.records.files import write_json
from sunwi.records.mined import CandidateList
from sunwi.search.labelled import low_overlap
from sunwi.search.rerank.rerankers import Rerankers
from sunwi.search.rerank.trained import METHOD_FILE, METHODS, SCORERS, trained_reranker
from sunwi.train.reranker.blend_weights import Blend, Calibration, fit_rerankers
from sunwi.train.reranker.cross_encoder import train_reranker
from sunwi.train.reranker.early_look import LOOK_QUESTIONS, EarlyLook, look_step
from sunwi.train.reranker.late_interaction import train_late_interaction
from sunwi.train.reranker.lists import TrainingList, training_lists
from sunwi.train.reranker.lora import ADAPTER, MERGED
from sunwi.train.reranker.scored import score_lists
from sunwi.train.reranker.settings import RerankerSections
from sunwi.train.shared.early_stopping import EarlyStopping

STOPPED_EARLY = "stopped_early.json"  # in a folder whose reranker the early look ruled out
FROM_ENCODER = "encoder"  # train_reranker.model: the promoted encoder with a fresh head


@dataclass(frozen=True, slots=True)
class Start:
    """The stage-1 reranker that a second stage starts from, and whether with a fresh adapter."""

    folder: Path
    fresh: bool


def tune_reranker(
    params: RerankerSections,
    lists: Sequence[CandidateList],
    texts: dict[str, str],
    encoder: Encoder,
    embedder: Path,
    out: Path,
) -> tuple[Blend, Calibration, dict[str, Any], list[dict[str, float]]]:
    """Write the trained reranker to `out`; return blend weights, their calibration, metrics and loss curve.

    The encoder's own late interaction needs no training and is always available beside it.
    """
    settings = params.train_reranker
    curve: list[dict[str, float]] = []
    facts: dict[str, Any] = {"trained": settings.enabled}
    if settings.enabled:
        chosen, counts = training_lists(lists, texts, settings, params.mining.max_positive_share)
        look = _early_look(params, lists, texts, encoder)
        run, curve = train_by_method(params, settings, chosen, embedder, out, look=look)
        facts |= {"method": settings.method, **counts, **run}
        if look is not None and look.stopped:
            facts |= look.metrics
            _write_none(
                out, STOPPED_EARLY, "a blend weight above 0 is unlikely", **look.metrics["stopped_early"]
            )
    else:
        _write_none(out, "switched_off.json", "train_reranker.enabled is false")
    rerankers = Rerankers(encoder, trained_reranker(out), params.encoder, params.train_reranker.max_length)
    blend, calibration, quality = fit_rerankers(lists, texts, rerankers, params)
    if "stopped_early" in facts:
        name = METHODS[settings.method]
        for kind in (kind for kind, names in SCORERS.items() if name in names):
            blend.setdefault(kind, {})[name] = 0.0
    return blend, calibration, {**facts, **quality}, curve


def look_lists(params: RerankerSections, lists: Sequence[CandidateList]) -> list[CandidateList]:
    """The dev lists of a look: the first of those on which the blend weights are fitted."""
    dev = [question for question in lists if question.split == "dev"]
    limits = params.fusion.low_overlap, params.fusion.min_questions, LOOK_QUESTIONS
    return [dev[row] for row in low_overlap(dev, *limits)]


def _early_look(
    params: RerankerSections, lists: Sequence[CandidateList], texts: dict[str, str], encoder: Encoder
) -> EarlyLook | None:
    """The look beside the untrained MaxSim, which every variant has without a training; None: it is off."""
    settings = params.train_reranker
    step = look_step(settings.early_look, settings.max_steps)
    if step is None:
        return None
    chosen = look_lists(params, lists)
    untrained = Rerankers(encoder, None, params.encoder, settings.max_length)
    return EarlyLook(
        step=step,
        name=METHODS[settings.method],
        lists=chosen,
        texts=texts,
        depth=settings.depth,
        scored=score_lists(chosen, texts, untrained, settings.depth),
        weights=settings.weights,
        least_chance=settings.early_look_chance,
        seed=params.seed,
    )


def _write_none(out: Path, file: str, reason: str, **facts: float) -> None:
    """A folder that holds no reranker, and why."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    write_json(out / file, {"reason": reason, **facts})


def train_by_method(
    params: RerankerSections,
    settings: TrainRerankerParams,
    lists: Sequence[TrainingList],
    embedder: Path,
    out: Path,
    start: Start | None = None,
    watch: EarlyStopping | None = None,
    look: EarlyLook | None = None,
) -> tuple[dict[str, Any], list[dict[str, float]]]:
    """Train the reranker that `settings` name on the lists; return facts and the loss curve.

    `embedder` is the promoted encoder, a path relative to the project: the written files name it. A
    second stage's fresh adapter stands on the merged model of the first.
    """
    late = settings.method == "late_interaction"
    from_encoder = late or settings.model == FROM_ENCODER
    name = embedder.as_posix() if from_encoder else settings.model
    base = embedder if from_encoder else resolve(settings.model).folder
    adapter: Path | None = None
    if start is not None and start.fresh:
        base = start.folder / MERGED
        name = base.as_posix()
    elif start is not None:
        adapter = start.folder / ADAPTER
    if late:
        length = params.encoder.query_max_length
        outcome = train_late_interaction(
            resolve(str(base)), name, lists, settings, length, params.seed, out, adapter, watch, look
        )
    else:
        outcome = train_reranker(base, name, lists, settings, params.seed, out, adapter, watch, look)
    write_json(out / METHOD_FILE, {"method": settings.method})
    return outcome
