"""Training arguments of FlagEmbedding's runners, from ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sunwi.errors import ModelError
from sunwi.models.pooling import POOLINGS
from sunwi.models.spec import ModelInfo
from sunwi.params.train_embedder import TrainEmbedderParams
from sunwi.train.embedder.dev_evaluation import CHOSEN_BY


def training_arguments(
    info: ModelInfo,
    params: TrainEmbedderParams,
    seed: int,
    steps: int,
    folder: Path,
    on_cpu: bool,
    evaluated: bool,
) -> Any:
    """FlagEmbedding's arguments for one run: complete batches only, no report, columns kept.

    Parameters
    ----------
    steps
        Of the whole run; all epochs are drawn before it starts (`groups.schedule`).
    folder
        Where checkpoints go.
    evaluated
        Whether there is a dev evaluation: each one is a checkpoint then, and the best is loaded at the end.
    """
    every = params.eval_steps if evaluated else params.checkpoint_steps
    saving: dict[str, Any] = {"save_strategy": "no"}
    if every and (evaluated or every <= steps):
        saving = {"save_strategy": "steps", "save_steps": every, "save_total_limit": 1}
    if evaluated:
        saving |= {
            "eval_strategy": "steps",
            "eval_steps": every,
            "load_best_model_at_end": True,
            "metric_for_best_model": CHOSEN_BY,
            "greater_is_better": True,
        }
    training: dict[str, Any] = {
        "output_dir": str(folder),
        "per_device_train_batch_size": params.batch_size,
        "learning_rate": params.learning_rate,
        "warmup_steps": params.warmup_steps,
        "max_steps": steps,
        "lr_scheduler_type": params.schedule,
        "logging_steps": 1,
        "report_to": "none",
        "disable_tqdm": True,  # `progress.trainer_progress` shows the steps
        "dataloader_drop_last": True,
        "dataloader_pin_memory": not on_cpu,
        "dataloader_num_workers": 0 if on_cpu else 2,  # tokens are made while the GPU works
        "remove_unused_columns": False,
        "gradient_checkpointing": params.gradient_checkpointing,
        "use_cpu": on_cpu,
        "bf16": params.bf16,
        "fp16": params.fp16,
        "tf32": params.tf32 if _has_tf32() else None,
        "seed": seed,
        "temperature": params.temperature,
        "sentence_pooling_method": pooling_method(info),
        "normalize_embeddings": True,
        "kd_loss_type": "kl_div",
        "negatives_cross_device": params.negatives_cross_device,
        "use_mrl": bool(params.matryoshka_dims),
        "mrl_dims": list(params.matryoshka_dims),
        **saving,
    }
    if params.method == "m3":
        from FlagEmbedding.finetune.embedder.encoder_only.m3 import EncoderOnlyEmbedderM3TrainingArguments

        return EncoderOnlyEmbedderM3TrainingArguments(
            **training, unified_finetuning=True, use_self_distill=True
        )
    from FlagEmbedding.abc.finetune.embedder import AbsEmbedderTrainingArguments

    return AbsEmbedderTrainingArguments(**training)


def pooling_method(info: ModelInfo) -> str:
    """FlagEmbedding's name of the model's pooling.

    Raises
    ------
    ModelError
        If it has none.
    """
    method = POOLINGS.load(info.pooling).flag_embedding
    if method is None:
        fault = f"it pools by {info.pooling}, which FlagEmbedding does not train"
        raise ModelError(info.spec, fault, "set train_embedder.enabled: false, or use another model")
    return method


def _has_tf32() -> bool:
    import torch

    return torch.cuda.is_available() and torch.cuda.get_device_capability()[0] >= 8
