"""Embedder fine-tuning by FlagEmbedding's losses and trainer, in process, resumable after a kill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sunwi.errors import DataError, ModelError
from sunwi.models.encoder import Encoder
from sunwi.models.heads import STEMS
from sunwi.models.loading import load_config
from sunwi.models.spec import ModelInfo
from sunwi.params.encoder import EncoderParams
from sunwi.params.train_embedder import TrainEmbedderParams
from sunwi.records.mined import MinedRow
from sunwi.runtime import pick_device, seed_everything
from sunwi.train.embedder.arguments import pooling_method, training_arguments
from sunwi.train.embedder.dev_evaluation import CHOSEN_BY, DevEvaluation
from sunwi.train.embedder.groups import schedule
from sunwi.train.embedder.guide import Guide
from sunwi.train.embedder.processes import process_count
from sunwi.train.shared.checkpoints import checkpoint_folder, last_checkpoint
from sunwi.train.shared.in_batch import AnswerGroup

if TYPE_CHECKING:
    import torch

    from sunwi.train.shared.frozen_layers import FrozenOutputs


@dataclass(frozen=True, slots=True)
class Trained:
    """The tuned encoder's weights (names as in its folder), the M3 heads if any, and the run's curves."""

    state: dict[str, torch.Tensor]
    heads: dict[str, dict[str, torch.Tensor]]
    curve: list[dict[str, float]]
    dev_curve: list[dict[str, float]]  # dev figures by step, the base's at step 0
    best_step: int  # whose weights these are
    trained_parameters: int
    padded_rows: int
    left_out_rows: int
    resumed_from: int  # step, 0 for a run from the start
    checkpoints: tuple[Path, ...]  # folders to be removed once the model is safe


def train_embedder(
    info: ModelInfo,
    rows: Sequence[MinedRow],
    params: TrainEmbedderParams,
    seed: int,
    answer_group: AnswerGroup,
    limits: EncoderParams,
    evaluate: DevEvaluation | None = None,
    frozen: FrozenOutputs | None = None,
) -> Trained:
    """Fine-tune on mined rows: contrastive loss, and the teacher's scores distilled if `distill` is set.

    Batches hold no question whose passages answer another one (`arrange`). With `evaluate` the weights of
    the step with the best low-overlap fused figure are returned, else the last step's.

    Loss (FlagEmbedding, `kl_div`): cross-entropy over all passages of the batch plus the cross-entropy
    between the softmax of the teacher's scores, times `teacher_scale`, and the student's, over each
    question's group; with `distill_loss: adr_mse` the latter is `rank_loss.adr_mse`. A run of the same data,
    parameters and libraries that was killed resumes from its last checkpoint (`checkpoint_folder`) and ends
    with the same weights. On a CPU the `freeze_layers` lowest layers run once for each text; runs that differ
    in neither base nor `freeze_layers` may share `frozen`.

    Raises
    ------
    DataError
        If there are fewer rows than a batch, or negatives are to be shared across devices by one process.
    ModelError
        If the method does not fit the model, or no layer is left to train.
    """
    _check_method(info, params)
    if len(rows) < params.batch_size:
        raise DataError(
            f"{len(rows)} mined rows are fewer than train_embedder.batch_size {params.batch_size}",
            "set a smaller batch_size, a larger train_embedder.max_overlap, or generate more questions",
        )
    if params.negatives_cross_device and process_count() == 1:
        raise DataError(
            "train_embedder.negatives_cross_device is true, but only one process trains",
            "set train_embedder.num_processes to 2 or more, or negatives_cross_device: false",
        )
    device = pick_device()
    seed_everything(seed)
    plan = schedule(rows, answer_group, params, seed, process_count())
    guide = None
    if params.guide_margin is not None:
        guide = Guide(Encoder.of(info, limits).in_full, plan.groups, limits, params.guide_margin)
    folder = checkpoint_folder(
        {
            "model": [info.content_hash, info.pooling, info.query_prefix, info.passage_prefix],
            "params": params.model_dump(),
            "limits": limits.model_dump(),
            "seed": seed,
            "device": device.type,
            "processes": process_count(),
            "groups": [asdict(group) for group in plan.groups],
            "dev": evaluate.shape if evaluate else [],
        }
    )
    from sunwi.train.embedder.runner import GroupRunner

    arguments = training_arguments(
        info, params, seed, plan.steps, folder, device.type == "cpu", evaluate is not None
    )
    runner = GroupRunner(info, plan.groups, params, arguments, guide, evaluate, frozen)
    before = {"step": 0.0, **evaluate(runner.model.model, runner.tokenizer)} if evaluate else None
    resumed = last_checkpoint(folder)
    runner.trainer.train(resume_from_checkpoint=str(resumed) if resumed else None)
    history = runner.trainer.state.log_history
    curve = [
        {"step": int(row["step"]), "loss": round(float(row["loss"]), 6)} for row in history if "loss" in row
    ]
    dev_curve = [
        {
            "step": int(row["step"]),
            **{name[5:]: value for name, value in row.items() if name in _figures(row)},
        }
        for row in history
        if f"eval_{CHOSEN_BY}" in row
    ]
    best = runner.trainer.state.best_global_step if evaluate else None
    return Trained(
        _state(runner.model.model),
        {
            name: {
                key: value.detach().cpu() for key, value in getattr(runner.model, name).state_dict().items()
            }
            for head, name in sorted(STEMS.items())
            if params.method == "m3" and head in params.heads
        },
        curve,
        [before, *dev_curve] if before else [],
        int(best or plan.steps),
        sum(p.numel() for p in runner.model.parameters() if p.requires_grad),
        plan.padded,
        plan.left_out,
        int(resumed.name.rpartition("-")[2]) if resumed else 0,
        (folder,),
    )


def _check_method(info: ModelInfo, params: TrainEmbedderParams) -> None:
    """Refuse a method that trains a head that the model lacks, or pools it otherwise than search does."""
    if (params.method == "decoder") != (pooling_method(info) == "last_token"):
        wanted = "dense or m3" if params.method == "decoder" else "decoder"
        fault = f"it pools by {info.pooling} and train_embedder.method is {params.method}"
        raise ModelError(
            info.spec, fault, f"set train_embedder.method: {wanted}, or train_embedder.enabled: false"
        )
    if (layers := _layers(info)) is not None and params.freeze_layers >= layers:
        fault = f"it has {layers} layers and train_embedder.freeze_layers is {params.freeze_layers}"
        raise ModelError(
            info.spec, fault, f"set freeze_layers to {layers - 1} at most, or train_embedder.enabled: false"
        )
    missing = set(params.heads) - {"dense", *info.heads} if params.method == "m3" else set()
    if missing:  # trained from scratch in a short run, a lexical head only does harm
        raise ModelError(
            info.spec,
            f"train_embedder.method is m3 and the model has no {' or '.join(sorted(missing))} head",
            "use BAAI/bge-m3, name the heads that it has in train_embedder.heads, or set method: dense",
        )


def _layers(info: ModelInfo) -> int | None:
    """Number of layers in the model's configuration; None if it is not stated there."""
    return getattr(load_config(info.folder), "num_hidden_layers", None)


def _figures(row: dict[str, Any]) -> set[str]:
    """The dev figures among what a step logged."""
    return {name for name in row if name.startswith(("eval_dense_", "eval_fused_", "eval_bm25_"))}


def _state(encoder: Any) -> dict[str, torch.Tensor]:
    """Weights in float32; LoRA's are merged into the base's first."""
    plain = encoder.merge_and_unload() if hasattr(encoder, "merge_and_unload") else encoder
    # M3's runner loads BERT's pooler, with random weights where the base has none, and never uses it.
    return {
        name: tensor.detach().cpu().float().contiguous()
        for name, tensor in plain.state_dict().items()
        if not name.startswith("pooler.")
    }
