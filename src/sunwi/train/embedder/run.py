"""One embedder run from mined rows to the promoted folder: train, interpolate, judge, save."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sunwi.models.encode_alike import encode_alike
from sunwi.models.encoder import Encoder
from sunwi.models.encoder_weights import load_encoder
from sunwi.models.resolver import resolve
from sunwi.models.saving import interpolate, save_encoder
from sunwi.models.spec import ModelInfo
from sunwi.records.mined import MinedRow
from sunwi.records.questions import Question
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.passages import Passages
from sunwi.train.embedder.dev_evaluation import DevEvaluation
from sunwi.train.embedder.dev_set import DevSet
from sunwi.train.embedder.fit import Trained, train_embedder
from sunwi.train.embedder.gate import CONFIRMED_CORPUS, GateRanks, gate_set, judge, promote, promote_confirmed
from sunwi.train.embedder.last_token import ending_with_eos
from sunwi.train.embedder.processes import is_main_process
from sunwi.train.embedder.selection import Selection, select_rows
from sunwi.train.embedder.settings import EmbedderSections
from sunwi.train.embedder.soup import soup_of
from sunwi.train.shared.checkpoints import remove_checkpoints
from sunwi.train.shared.in_batch import AnswerGroup

if TYPE_CHECKING:
    import torch

Remine = Callable[[Encoder], list[MinedRow]]  # hard negatives under another encoder


@dataclass(frozen=True, slots=True)
class Tuned:
    """Metrics of a run, its curves, and the steps from which its rounds were resumed (0: from the start)."""

    metrics: dict[str, Any]
    loss_curve: list[dict[str, float]]
    dev_curve: list[dict[str, float]]
    resumed_from: list[int]


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What a run learns from: mined rows, overlap and style of their questions, equal answers."""

    rows: Sequence[MinedRow]
    overlaps: Mapping[str, float]
    styles: Mapping[str, str]
    answer_group: AnswerGroup
    remine: Remine

    @classmethod
    def of(
        cls,
        rows: Sequence[MinedRow],
        questions: Sequence[Question],
        answer_group: AnswerGroup,
        remine: Remine,
    ) -> TrainingData:
        """Mined rows with what is known of the questions that they were mined for."""
        overlaps = {question.qid: question.overlap for question in questions}
        styles = {question.qid: question.style for question in questions}
        return cls(rows, overlaps, styles, answer_group, remine)


def tune(
    params: EmbedderSections,
    data: TrainingData,
    passages: Passages,
    dev: Sequence[LabelledQuestion],
    out: Path,
) -> Tuned:
    """Write the promoted encoder to `out`.

    Without training (switched off, or no dev question) the base is promoted, and the metrics name the reason.
    Of several processes only the main one judges and writes; the others return no metrics.
    """
    base = resolve(params.encoder.model)
    if not params.train_embedder.enabled or not dev:
        off = not params.train_embedder.enabled
        reason = "switched off" if off else "no dev question to judge a tuned model by"
        if is_main_process():
            save_encoder(base, None, out)
        facts = {"promoted": "base", "base_share": 1.0, "reason": reason, "rows": 0, "steps": 0}
        return Tuned(facts, [], [], [])
    with tempfile.TemporaryDirectory(prefix="sunwi-train-") as temporary:
        workdir = Path(temporary)
        start = (
            ending_with_eos(base, workdir / "start") if params.train_embedder.method == "decoder" else base
        )
        rounds = _train_rounds(params, data, passages, dev, start, workdir)
        if not is_main_process():
            return Tuned({}, [], [], [])
        trained, selection = rounds[-1]
        verdict = _save_best(params, trained, base, start, passages, dev, workdir, out)
    for folder in [folder for trained, _ in rounds for folder in trained.checkpoints]:
        remove_checkpoints(folder)
    metrics = {**verdict, "rows_mined": len(data.rows), **_facts(rounds), **_selected(selection)}
    return Tuned(metrics, *_curves(rounds), [trained.resumed_from for trained, _ in rounds])


def _train_rounds(
    params: EmbedderSections,
    data: TrainingData,
    passages: Passages,
    dev: Sequence[LabelledQuestion],
    start: ModelInfo,
    workdir: Path,
) -> list[tuple[Trained, Selection]]:
    """Train; from the second round on, from the last round's weights with negatives mined by them.

    Negatives of the model in training are harder than the base's (ANCE, Xiong et al. 2021).
    """
    settings = params.train_embedder
    evaluate = None
    if settings.eval_steps:
        evaluate = DevEvaluation(passages, Encoder.of(start, params.encoder), dev, params)
    rounds: list[tuple[Trained, Selection]] = []
    info, rows = start, data.rows
    for number in range(settings.rounds):
        if number:
            folder = workdir / f"round-{number}"
            save_encoder(info, rounds[-1][0].state, folder, rounds[-1][0].heads)
            info = resolve(str(folder))
            rows = data.remine(Encoder.of(info, params.encoder))
        selection = select_rows(rows, data.overlaps, data.styles, settings)
        train = partial(_trained, params, data, selection, info, evaluate)
        rounds.append((soup_of(settings.seeds, params.seed + number, train), selection))
    return rounds


def _trained(
    params: EmbedderSections,
    data: TrainingData,
    selection: Selection,
    start: ModelInfo,
    evaluate: DevEvaluation | None,
    seed: int,
) -> Trained:
    settings, group = params.train_embedder, data.answer_group
    return train_embedder(start, selection.rows, settings, seed, group, params.encoder, evaluate)


def _save_best(
    params: EmbedderSections,
    trained: Trained,
    base: ModelInfo,
    start: ModelInfo,
    passages: Passages,
    dev: Sequence[LabelledQuestion],
    workdir: Path,
    out: Path,
) -> dict[str, Any]:
    """Judge the tuned weights and their mixtures with the base, write what is promoted, return why."""
    base_state = base_weights(start)
    encoder = Encoder.of(base, params.encoder)
    gate = gate_set(passages, encoder, dev, params)

    def encoder_of(share: float) -> Encoder:
        if share == 1.0:
            return encoder
        # All shares in the base's precision: a difference between them is then that of their weights.
        folder, precision = workdir / f"share-{share:g}", encoder.picked.precision
        return Encoder(resolve(str(folder)), params.encoder.batch_size, precision)

    def judge_share(share: float, over: DevSet) -> GateRanks:
        return judge(encoder_of(share), over, params)

    shares = sorted(set(params.train_embedder.base_weights) - {1.0})
    for share in shares:
        candidate = workdir / f"share-{share:g}"
        save_encoder(start, interpolate(base_state, trained.state, share), candidate, trained.heads)
    encode_alike([*map(encoder_of, shares)], gate.passages.texts, params.encoder, "encode gate pool")
    verdicts = {share: judge_share(share, gate) for share in (1.0, *shares)}
    if len(gate.passages) < len(passages) <= CONFIRMED_CORPUS:
        whole = gate_set(passages, encoder, dev, params, CONFIRMED_CORPUS)
        over_whole = partial(judge_share, over=whole)
        best, verdict = promote_confirmed(verdicts, gate, whole, over_whole, params)
    else:
        best, verdict = promote(verdicts, gate, params)
    if best == 1.0:
        save_encoder(base, None, out)
    else:
        shutil.rmtree(out, ignore_errors=True)
        shutil.move(workdir / f"share-{best:g}", out)
    return verdict


def base_weights(info: ModelInfo) -> dict[str, torch.Tensor]:
    """The base's weights under the names that training gives them, whatever the checkpoint's prefix."""
    import torch

    return dict(load_encoder(info.folder, torch.float32).state_dict())


def _facts(rounds: Sequence[tuple[Trained, Selection]]) -> dict[str, Any]:
    """The last round's numbers; steps are summed over the rounds."""
    trained, selection = rounds[-1]
    return {
        "rows": len(selection.rows),
        "rows_left_out_of_batches": trained.left_out_rows,
        "rows_with_repeated_negatives": trained.padded_rows,
        "steps": sum(len(part.curve) for part, _ in rounds),
        "best_step": trained.best_step,
        "trained_parameters": trained.trained_parameters,
        "loss_first": trained.curve[0]["loss"] if trained.curve else None,
        "loss_last": trained.curve[-1]["loss"] if trained.curve else None,
    }


def _selected(selection: Selection) -> dict[str, int]:
    return {"rows_above_overlap": selection.above_overlap, "rows_left_out_by_style": selection.by_style}


def _curves(
    rounds: Sequence[tuple[Trained, Selection]],
) -> tuple[list[dict[str, float]], list[dict[str, float]]]:
    """Loss and dev figures of all rounds in one count of steps."""
    loss: list[dict[str, float]] = []
    figures: list[dict[str, float]] = []
    done = 0
    for trained, _ in rounds:
        loss += [{**row, "step": row["step"] + done} for row in trained.curve]
        figures += [{**row, "step": int(row["step"]) + done} for row in trained.dev_curve]
        done += len(trained.curve)
    return loss, figures
