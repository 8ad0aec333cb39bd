"""Embedder fine-tuning by FlagEmbedding's runners, in process."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sunwi.errors import DataError, ModelError
from sunwi.models.spec import ModelInfo
from sunwi.params import TrainEmbedderParams
from sunwi.records import MinedRow, canonical_json, write_lines
from sunwi.runtime import pick_device, seed_everything
from sunwi.train.batches import Kin, arrange

if TYPE_CHECKING:
    import torch

POOLING_NAMES = {"mean": "mean", "cls": "cls", "lasttoken": "last_token"}


@dataclass(frozen=True, slots=True)
class Trained:
    """The tuned encoder's weights (names as in its folder), the M3 heads if any, and the loss curve."""

    state: dict[str, torch.Tensor]
    heads: dict[str, dict[str, torch.Tensor]]
    curve: list[dict[str, float]]
    trained_parameters: int
    padded_rows: int  # rows with fewer negatives than the group wants: FlagEmbedding repeats some
    left_out_rows: int  # rows that fit in no batch without a false negative


def select_rows(rows: Sequence[MinedRow], overlaps: dict[str, float], max_overlap: float) -> list[MinedRow]:
    """Rows whose question's overlap is at most the limit: copying questions teach copying."""
    return [row for row in rows if overlaps[row.qid] <= max_overlap]


def train_embedder(
    info: ModelInfo,
    rows: Sequence[MinedRow],
    params: TrainEmbedderParams,
    seed: int,
    workdir: Path,
    kin: Kin,
) -> Trained:
    """Fine-tune on mined rows: contrastive loss, and the teacher's scores distilled if `distill` is set.

    Batches hold no question whose passages answer another one (`arrange`).

    Loss (FlagEmbedding, `kl_div`): cross-entropy over all passages of the batch plus the cross-entropy
    between the softmax of the teacher's scores, times `teacher_scale`, and the student's, over each
    question's group. Files that only training needs go to `workdir`.

    Raises
    ------
    DataError
        If there are fewer rows than a batch.
    ModelError
        If the method needs heads that the runner cannot make.
    """
    if len(rows) < params.batch_size:
        raise DataError(
            f"{len(rows)} mined rows are fewer than train_embedder.batch_size {params.batch_size}",
            "lower the batch size, raise train_embedder.max_overlap, or generate more questions",
        )
    device = pick_device()
    seed_everything(seed)
    batches = arrange(rows, kin, params.batch_size, seed)
    train_file = workdir / "train.jsonl"
    write_lines(train_file, (canonical_json(_training_row(row, params)) for row in batches.rows))
    runner = _runner(info, params, seed, train_file, workdir, device.type == "cpu")
    encoder = runner.model.model
    if params.freeze_word_embeddings:
        for name, parameter in encoder.named_parameters():
            if "word_embeddings" in name:
                parameter.requires_grad_(False)
    without_attention_dropout(encoder)
    trainable = sum(p.numel() for p in runner.model.parameters() if p.requires_grad)
    _keep_order(runner.trainer)
    random.seed(seed)  # FlagEmbedding draws each row's negatives from the global generator
    runner.trainer.train()
    curve = [
        {"step": int(entry["step"]), "loss": round(float(entry["loss"]), 6)}
        for entry in runner.trainer.state.log_history
        if "loss" in entry
    ]
    # FlagEmbedding loads BERT's pooler, with random weights where the base has none, and never uses it.
    state = {
        name: tensor.detach().cpu().float().contiguous()
        for name, tensor in encoder.state_dict().items()
        if not name.startswith("pooler.")
    }
    heads = {
        name: {key: value.detach().cpu() for key, value in getattr(runner.model, name).state_dict().items()}
        for name in ("colbert_linear", "sparse_linear")
        if params.method == "m3"
    }
    padded = sum(len(row.neg) < params.group_size - 1 for row in rows)
    return Trained(state, heads, curve, trainable, padded, batches.left_out)


def _keep_order(trainer: Any) -> None:
    """Rows in the order of the file: a shuffle would put questions about the same passage in one batch."""
    from torch.utils.data import SequentialSampler

    trainer._get_train_sampler = lambda *_: SequentialSampler(trainer.train_dataset)


def without_attention_dropout(model: torch.nn.Module) -> None:
    """Dropout on attention weights off: with it torch keeps every [heads, tokens, tokens] map for the
    backward pass instead of using a fused kernel, twice the memory. Dropout of hidden states stays."""
    for name, module in model.named_modules():
        if name.endswith(("attention.self", "self_attn", "attention.attention")) and hasattr(
            module, "dropout"
        ):
            module.dropout = type(module.dropout)(0.0) if callable(module.dropout) else 0.0


def _training_row(row: MinedRow, params: TrainEmbedderParams) -> dict[str, Any]:
    """What FlagEmbedding reads; the teacher's softmax there has no temperature of its own."""
    fields: dict[str, Any] = {"query": row.query, "pos": row.pos, "neg": row.neg}
    if params.distill:
        fields["pos_scores"] = [score * params.teacher_scale for score in row.pos_scores]
        fields["neg_scores"] = [score * params.teacher_scale for score in row.neg_scores]
    return fields


def _runner(
    info: ModelInfo, params: TrainEmbedderParams, seed: int, train_file: Path, workdir: Path, on_cpu: bool
) -> Any:
    from FlagEmbedding.abc.finetune.embedder import AbsEmbedderDataArguments

    data = AbsEmbedderDataArguments(
        train_data=[str(train_file)],
        cache_path=str(workdir / "datasets"),
        train_group_size=params.group_size,
        query_max_len=params.query_max_length,
        passage_max_len=params.passage_max_length,
        query_instruction_for_retrieval=info.query_prefix,  # None would become the literal "None"
        query_instruction_format="{}{}",
        passage_instruction_for_retrieval=info.passage_prefix,
        passage_instruction_format="{}{}",
        knowledge_distillation=params.distill,
    )
    training: dict[str, Any] = {
        "output_dir": str(workdir / "out"),
        "per_device_train_batch_size": params.batch_size,
        "learning_rate": params.learning_rate,
        "warmup_steps": params.warmup_steps,
        "max_steps": params.max_steps or -1,
        "num_train_epochs": params.epochs,
        "lr_scheduler_type": "linear",
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": not sys.stderr.isatty(),
        "dataloader_drop_last": True,
        "dataloader_pin_memory": not on_cpu,
        "remove_unused_columns": False,
        "gradient_checkpointing": params.gradient_checkpointing,
        "use_cpu": on_cpu,
        "bf16": params.bf16,
        "fp16": params.fp16,
        "seed": seed,
        "temperature": params.temperature,
        "sentence_pooling_method": POOLING_NAMES[info.pooling],
        "normalize_embeddings": True,
        "kd_loss_type": "kl_div",
    }
    if params.method == "m3":
        return _m3_runner(info, data, training)
    if info.pooling == "lasttoken":
        raise ModelError(
            info.spec,
            "it pools the last token, a decoder's way",
            "set train_embedder.enabled: false, or use an encoder",
        )
    from FlagEmbedding.abc.finetune.embedder import AbsEmbedderModelArguments, AbsEmbedderTrainingArguments
    from FlagEmbedding.finetune.embedder.encoder_only.base import EncoderOnlyEmbedderRunner

    return EncoderOnlyEmbedderRunner(
        model_args=AbsEmbedderModelArguments(model_name_or_path=str(info.folder)),
        data_args=data,
        training_args=AbsEmbedderTrainingArguments(**training),
    )


def _m3_runner(info: ModelInfo, data: Any, training: dict[str, Any]) -> Any:
    from FlagEmbedding.finetune.embedder.encoder_only.m3 import (
        EncoderOnlyEmbedderM3ModelArguments,
        EncoderOnlyEmbedderM3Runner,
        EncoderOnlyEmbedderM3TrainingArguments,
    )

    missing = {"lexical", "colbert"} - set(info.heads)
    if missing:  # trained from scratch in a short run, a lexical head only does harm
        raise ModelError(
            info.spec,
            f"train_embedder.method is m3 and the model has no {' or '.join(sorted(missing))} head",
            "use BAAI/bge-m3, or set train_embedder.method: dense",
        )
    return EncoderOnlyEmbedderM3Runner(
        model_args=EncoderOnlyEmbedderM3ModelArguments(model_name_or_path=str(info.folder)),
        data_args=data,
        training_args=EncoderOnlyEmbedderM3TrainingArguments(
            **training, unified_finetuning=True, use_self_distill=True
        ),
    )
