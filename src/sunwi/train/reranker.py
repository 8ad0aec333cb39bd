"""Cross-encoder with LoRA (Hu et al. 2022) on candidate lists, by sentence-transformers and peft."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sunwi.errors import DataError
from sunwi.mining.false_negatives import positive_limit
from sunwi.models.saving import TOKENIZER_FILES, load_state
from sunwi.params import TrainRerankerParams
from sunwi.records import CandidateList, read_json, write_json
from sunwi.runtime import inference_dtype, pick_device, seed_everything
from sunwi.train.layer_rates import without_attention_dropout

ADAPTER = "adapter"
MERGED = "merged"


@dataclass(frozen=True, slots=True)
class TrainingList:
    """One question with its positive first and its negatives after it."""

    query: str
    passages: list[str]

    @property
    def labels(self) -> list[float]:
        """1 for the positive, 0 for the others."""
        return [1.0] + [0.0] * (len(self.passages) - 1)


def training_lists(
    lists: Sequence[CandidateList],
    texts: dict[str, str],
    params: TrainRerankerParams,
    max_positive_share: float,
) -> tuple[list[TrainingList], dict[str, int]]:
    """A training list for each train question, and how many questions gave none.

    Negatives must score below `max_positive_share` of the positive (above it they may answer too), and are
    spread evenly over the ranks, the hardest among them: the hardest alone teach a fresh head nothing.
    """
    found: list[TrainingList] = []
    counts = {"lists": 0, "positive_not_retrieved": 0, "without_negative": 0}
    for one in lists:
        if one.split != "train":
            continue
        counts["lists"] += 1
        positives = [candidate for candidate in one.candidates if candidate.label]
        if not positives:
            counts["positive_not_retrieved"] += 1
            continue
        limit = positive_limit(positives[0].score, max_positive_share)
        negatives = [
            candidate for candidate in one.candidates if not candidate.label and candidate.score < limit
        ]
        if not negatives:
            counts["without_negative"] += 1
            continue
        chosen = [positives[0], *(negatives[at] for at in spread(len(negatives), params.negatives))]
        found.append(TrainingList(one.query, [texts[candidate.docid] for candidate in chosen]))
    return found, counts


def spread(size: int, count: int) -> list[int]:
    """At most `count` places of `size`, evenly from the first to the last.

    Examples
    --------
    >>> spread(10, 4), spread(2, 4), spread(5, 1)
    ([0, 3, 6, 9], [0, 1], [0])
    """
    if size <= count or count == 1:
        return list(range(min(size, count)))
    return [round(at * (size - 1) / (count - 1)) for at in range(count)]


def train_reranker(
    base: Path,
    base_name: str,
    lists: Sequence[TrainingList],
    params: TrainRerankerParams,
    seed: int,
    out: Path,
) -> tuple[dict[str, Any], list[dict[str, float]]]:
    """Train and write `out`/adapter and `out`/merged; return facts of the run and the loss curve.

    Loss: ListNet (Cao et al. 2007), the cross-entropy of the softmax over each question's passages. Head
    and pooler are trained whole and saved with the adapter, since a base without them starts with random
    ones; a pooler that the base lacks starts as the identity, so that the first gradients reach the adapter.

    Raises
    ------
    DataError
        If there are fewer lists than a batch.
    """
    if len(lists) < params.batch_size:
        raise DataError(
            f"{len(lists)} training lists are fewer than train_reranker.batch_size {params.batch_size}",
            "lower the batch size, or generate more questions",
        )
    from datasets import Dataset
    from peft import LoraConfig, TaskType, get_peft_model
    from sentence_transformers.cross_encoder import (
        CrossEncoder,
        CrossEncoderTrainer,
        CrossEncoderTrainingArguments,
    )
    from sentence_transformers.cross_encoder.losses import ListNetLoss

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
    if not _has_pooler(base):
        _identity_pooler(transformer.auto_model)
    adapted = get_peft_model(transformer.auto_model, lora)
    transformer.auto_model = adapted
    without_attention_dropout(adapted)
    adapted.peft_config["default"].base_model_name_or_path = base_name  # never a path of this machine
    trained, _ = adapted.get_nb_trainable_parameters()
    dataset = Dataset.from_dict(
        {
            "query": [one.query for one in lists],
            "passages": [one.passages for one in lists],
            "labels": [one.labels for one in lists],
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
            bf16=inference_dtype(device.type) == "bfloat16",
            seed=seed,
        )
        trainer = CrossEncoderTrainer(
            model=model, args=arguments, train_dataset=dataset, loss=ListNetLoss(model)
        )
        trainer.train()
    curve = [
        {"step": int(entry["step"]), "loss": round(float(entry["loss"]), 6)}
        for entry in trainer.state.log_history
        if "loss" in entry
    ]
    _save(adapted, base, base_name, out)
    return {"training_lists": len(lists), "steps": len(curve), "trained_parameters": int(trained)}, curve


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


def _has_module(model: Any, name: str) -> bool:
    return any(path.rsplit(".", 1)[-1] == name for path, _ in model.named_modules())


def _save(adapted: Any, base: Path, base_name: str, out: Path) -> None:
    """Adapter and merged model; neither holds a path of this machine.

    peft keeps module names in sets, whose order changes from process to process: they are sorted here.
    """
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
        for key in ("target_modules", "modules_to_save"):
            if isinstance(settings.get(key), list):
                settings[key] = sorted(set(settings[key]))
        write_json(path, settings)
