"""Cross-encoder with LoRA (Hu et al. 2022) on candidate lists, by sentence-transformers and peft."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sunwi.errors import DataError, ModelError
from sunwi.models.cross_encoder import logits_of
from sunwi.models.encoder_weights import load_encoder
from sunwi.models.saving import TOKENIZER_FILES, load_state
from sunwi.models.yes_no import is_causal
from sunwi.params.train_reranker import TrainRerankerParams
from sunwi.progress import trainer_progress
from sunwi.runtime import inference_dtype, pick_device, seed_everything
from sunwi.search.rerank.rerankers import PairScorer
from sunwi.train.reranker.early_look import EarlyLook
from sunwi.train.reranker.lists import TrainingList
from sunwi.train.reranker.lora import (
    ADAPTER,
    MERGED,
    adapt,
    save_adapter,
    trained_parameters,
    without_paths,
)
from sunwi.train.reranker.objective import list_loss
from sunwi.train.shared.early_stopping import EarlyStopping


def train_reranker(
    base: Path,
    base_name: str,
    lists: Sequence[TrainingList],
    params: TrainRerankerParams,
    seed: int,
    out: Path,
    start: Path | None = None,
    watch: EarlyStopping | None = None,
    look: EarlyLook | None = None,
) -> tuple[dict[str, Any], list[dict[str, float]]]:
    """Train and write `out`/adapter and `out`/merged; return facts of the run and the loss curve.

    Head and pooler are trained whole and saved with the adapter, since a base without them starts with
    random ones; a pooler that the base lacks starts as the identity, so that the first gradients reach the
    adapter.

    Parameters
    ----------
    base, base_name
        Any encoder's folder (BERT, RoBERTa, XLM-RoBERTa ...), with or without a trained head, and its name
        in the files that are written.
    start
        A saved adapter that training goes on from; None: a fresh one.
    watch
        Measures the model during training and keeps its best state.
    look
        Looks at the model once, and may end the training.

    Raises
    ------
    DataError
        If there are fewer lists than a batch.
    ModelError
        If the base is a causal language model.
    """
    if len(lists) < params.batch_size:
        raise DataError(
            f"{len(lists)} training lists are fewer than train_reranker.batch_size {params.batch_size}",
            "set a smaller train_reranker.batch_size, or generate more questions",
        )
    import torch
    from datasets import Dataset
    from sentence_transformers.cross_encoder import (
        CrossEncoder,
        CrossEncoderTrainer,
        CrossEncoderTrainingArguments,
    )

    if is_causal(base):
        found = (
            "it is a causal language model, which scores by its answers yes and no and is not trained here"
        )
        raise ModelError(
            base_name, found, "name it in mining.reranker as the teacher, and train another reranker"
        )
    device = pick_device()
    seed_everything(seed)
    load_encoder(base, torch.float32)  # raises where weights are missing: the head alone may be fresh
    settings: dict[str, Any] = {"max_length": params.max_length, "device": device.type}
    model = CrossEncoder(str(base), num_labels=1, trust_remote_code=False, **settings)
    transformer = model[0]
    if not _has_pooler(base):
        _identity_pooler(transformer.auto_model)
    adapted = adapt(transformer.auto_model, params, "SEQ_CLS", base_name, start)
    transformer.auto_model = adapted
    dataset = Dataset.from_dict(
        {
            "query": [example.query for example in lists],
            "passages": [example.passages for example in lists],
            "retriever": [example.retriever for example in lists],
            "labels": [example.labels for example in lists],
        }
    )
    with tempfile.TemporaryDirectory(prefix="sunwi-rerank-") as workdir:
        arguments = CrossEncoderTrainingArguments(
            output_dir=workdir,
            max_steps=params.max_steps,
            per_device_train_batch_size=params.batch_size,
            learning_rate=params.learning_rate,
            warmup_steps=max(1, params.max_steps // 10),
            logging_steps=1,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,  # `progress.trainer_progress` shows the steps
            dataloader_drop_last=True,
            dataloader_pin_memory=device.type != "cpu",
            use_cpu=device.type == "cpu",
            bf16=inference_dtype(device.type) == "bfloat16",
            seed=seed,
        )
        trainer = CrossEncoderTrainer(
            model=model, args=arguments, train_dataset=dataset, loss=list_loss(model, params)
        )
        trainer_progress(trainer, "training steps")
        watchers = [watcher for watcher in (watch.see if watch else None, look) if watcher is not None]
        if watchers:
            tokenizer = model.tokenizer
            trainer.add_callback(
                _callback(
                    watchers,
                    adapted,
                    lambda pairs: logits_of(tokenizer, adapted, device, pairs, params.max_length),
                )
            )
        trainer.train()
    if watch is not None:
        watch.restore(adapted)
    curve = [
        {"step": int(entry["step"]), "loss": round(float(entry["loss"]), 6)}
        for entry in trainer.state.log_history
        if "loss" in entry
    ]
    facts = {
        "training_lists": len(lists),
        "steps": len(curve),
        "trained_parameters": trained_parameters(adapted),
    }
    _save(adapted, base, base_name, out)
    return facts, curve


def _callback(watchers: Sequence[Callable[..., bool]], model: Any, scorer: PairScorer) -> Any:
    """A callback by which transformers' trainer calls the watchers at the start and after each step.

    Its own EarlyStoppingCallback needs a checkpoint of each evaluation, and has none of the start.
    """
    from transformers import TrainerCallback

    class Watching(TrainerCallback):  # type: ignore[misc]  # the library's class has no types
        def on_train_begin(self, *_: Any, **__: Any) -> None:
            for watcher in watchers:
                watcher(0, model, scorer)

        def on_step_end(self, _: Any, state: Any, control: Any, **__: Any) -> None:
            for watcher in watchers:
                control.should_training_stop |= watcher(state.global_step, model, scorer)

    return Watching()


def _has_pooler(base: Path) -> bool:
    """Whether the base's weight files hold a pooler."""
    return any("pooler." in name for name in load_state(base))


def _identity_pooler(model: Any) -> None:
    import torch

    for name, module in model.named_modules():
        if name.endswith("pooler.dense"):
            with torch.no_grad():
                module.weight.copy_(torch.eye(*module.weight.shape))
                module.bias.zero_()


def _save(adapted: Any, base: Path, base_name: str, out: Path) -> None:
    """Adapter and merged model; neither holds a path of this machine."""
    shutil.rmtree(out, ignore_errors=True)
    save_adapter(adapted, out / ADAPTER, base_name)
    merged = out / MERGED
    adapted.merge_and_unload().save_pretrained(merged)
    for name in TOKENIZER_FILES:
        if (base / name).exists():
            shutil.copyfile(base / name, merged / name)
    without_paths(merged / "config.json", base_name)
