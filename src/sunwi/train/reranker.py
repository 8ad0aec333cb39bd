"""Cross-encoder with LoRA (Hu et al. 2022) on candidate lists, by sentence-transformers and peft."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sunwi.errors import DataError
from sunwi.models.saving import TOKENIZER_FILES
from sunwi.params import TrainRerankerParams
from sunwi.records import CandidateList, read_json, write_json
from sunwi.runtime import pick_device, seed_everything
from sunwi.train.embedder import without_attention_dropout

ADAPTER = "adapter"
MERGED = "merged"


def training_pairs(
    lists: Sequence[CandidateList],
    texts: dict[str, str],
    params: TrainRerankerParams,
    max_positive_share: float,
) -> tuple[list[tuple[str, str, float]], dict[str, int]]:
    """(query, passage, label) of the train lists, and how many lists gave none.

    Each positive comes with its hardest negatives: those that the retriever puts highest, but below
    `max_positive_share` of the positive's score (they may answer otherwise).
    """
    pairs: list[tuple[str, str, float]] = []
    counts = {"lists": 0, "positive_not_retrieved": 0, "without_negative": 0}
    for one in lists:
        if one.split != "train":
            continue
        counts["lists"] += 1
        positives = [candidate for candidate in one.candidates if candidate.label]
        if not positives:
            counts["positive_not_retrieved"] += 1
            continue
        limit = max_positive_share * positives[0].score
        negatives = [
            candidate for candidate in one.candidates if not candidate.label and candidate.score < limit
        ]
        if not negatives:
            counts["without_negative"] += 1
            continue
        pairs.append((one.query, texts[positives[0].docid], 1.0))
        pairs += [(one.query, texts[candidate.docid], 0.0) for candidate in negatives[: params.negatives]]
    return pairs, counts


def train_reranker(
    base: Path,
    base_name: str,
    pairs: Sequence[tuple[str, str, float]],
    params: TrainRerankerParams,
    seed: int,
    out: Path,
) -> tuple[dict[str, Any], list[dict[str, float]]]:
    """Train and write `out`/adapter and `out`/merged; return facts of the run and the loss curve.

    Loss: binary cross-entropy, positives weighted by the number of negatives. The head is fresh when the
    base has none, so it is trained whole and saved with the adapter.

    Raises
    ------
    DataError
        If there are fewer pairs than a batch.
    """
    if len(pairs) < params.batch_size:
        raise DataError(
            f"{len(pairs)} training pairs are fewer than train_reranker.batch_size {params.batch_size}",
            "lower the batch size, or generate more questions",
        )
    import torch
    from datasets import Dataset
    from peft import LoraConfig, TaskType, get_peft_model
    from sentence_transformers.cross_encoder import (
        CrossEncoder,
        CrossEncoderTrainer,
        CrossEncoderTrainingArguments,
    )
    from sentence_transformers.cross_encoder.losses import BinaryCrossEntropyLoss

    device = pick_device()
    seed_everything(seed)
    model = CrossEncoder(str(base), num_labels=1, max_length=params.max_length, device=device.type)
    transformer = model[0]
    lora = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=params.lora_r,
        lora_alpha=params.lora_alpha,
        lora_dropout=params.lora_dropout,
        target_modules=params.target_modules,
        modules_to_save=[
            name for name in params.modules_to_save if _has_module(transformer.auto_model, name)
        ],
    )
    adapted = get_peft_model(transformer.auto_model, lora)
    transformer.auto_model = adapted
    without_attention_dropout(adapted)
    adapted.peft_config["default"].base_model_name_or_path = base_name  # never a path of this machine
    trained, _ = adapted.get_nb_trainable_parameters()
    dataset = Dataset.from_dict(
        {
            "query": [query for query, _, _ in pairs],
            "passage": [passage for _, passage, _ in pairs],
            "label": [label for _, _, label in pairs],
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
            disable_tqdm=not sys.stderr.isatty(),
            dataloader_drop_last=True,
            dataloader_pin_memory=device.type != "cpu",
            use_cpu=device.type == "cpu",
            bf16=device.type == "cuda",
            seed=seed,
        )
        weight = torch.tensor(float(params.negatives), device=device)
        trainer = CrossEncoderTrainer(
            model=model,
            args=arguments,
            train_dataset=dataset,
            loss=BinaryCrossEntropyLoss(model, pos_weight=weight),
        )
        trainer.train()
    curve = [
        {"step": int(entry["step"]), "loss": round(float(entry["loss"]), 6)}
        for entry in trainer.state.log_history
        if "loss" in entry
    ]
    _save(adapted, base, base_name, out)
    return {"pairs": len(pairs), "steps": len(curve), "trained_parameters": int(trained)}, curve


def _has_module(model: Any, name: str) -> bool:
    return any(path.rsplit(".", 1)[-1] == name for path, _ in model.named_modules())


def _save(adapted: Any, base: Path, base_name: str, out: Path) -> None:
    """Adapter and merged model; neither holds a path of this machine."""
    shutil.rmtree(out, ignore_errors=True)
    adapter, merged = out / ADAPTER, out / MERGED
    adapted.save_pretrained(adapter, save_embedding_layers=False)  # else peft asks the hub about the base
    (adapter / "README.md").unlink(missing_ok=True)  # peft's template card, empty of facts
    whole = adapted.merge_and_unload()
    whole.save_pretrained(merged)
    for name in TOKENIZER_FILES:
        if (base / name).exists():
            shutil.copyfile(base / name, merged / name)
    for path in (merged / "config.json", adapter / "adapter_config.json"):
        settings = read_json(path)
        for key in ("_name_or_path", "base_model_name_or_path"):
            if key in settings:
                settings[key] = base_name
        write_json(path, settings)
