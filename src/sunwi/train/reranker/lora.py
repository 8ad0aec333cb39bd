"""LoRA (Hu et al. 2022) on a reranker's model by peft: a fresh adapter or a saved one, and its saving."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sunwi.params.train_reranker import TrainRerankerParams
from sunwi.records.files import read_json, write_json
from sunwi.train.shared.layer_rates import count_layers, without_attention_dropout

if TYPE_CHECKING:
    import torch

ADAPTER = "adapter"
MERGED = "merged"
Task = Literal["SEQ_CLS", "FEATURE_EXTRACTION"]


def adapt(
    model: torch.nn.Module,
    settings: TrainRerankerParams,
    task: Task,
    base_name: str,
    start: Path | None = None,
) -> Any:
    """The model with an adapter to train: the one saved in `start`, else a fresh one as `settings` say.

    The adapter's file names the base `base_name`, never by a path of this machine.
    """
    from peft import LoraConfig, PeftModel, get_peft_model

    if start is not None:
        adapted: Any = PeftModel.from_pretrained(model, start, is_trainable=True)
    else:
        names = [name for name, _ in model.named_parameters()]
        top = settings.lora_layers
        layers = count_layers(names)
        lora = LoraConfig(
            task_type=task,
            r=settings.lora_r,
            lora_alpha=settings.lora_alpha,
            lora_dropout=settings.lora_dropout,
            target_modules=settings.target_modules,
            layers_to_transform=list(range(max(0, layers - top), layers)) if top else None,
            modules_to_save=_present(model, settings.modules_to_save) if task == "SEQ_CLS" else None,
        )
        adapted = get_peft_model(model, lora)
    without_attention_dropout(adapted)
    adapted.peft_config["default"].base_model_name_or_path = base_name
    return adapted


def save_adapter(adapted: Any, folder: Path, base_name: str) -> None:
    """Save the adapter and the head that was trained with it."""
    adapted.save_pretrained(folder, save_embedding_layers=False)  # else peft asks the hub about the base
    (folder / "README.md").unlink(missing_ok=True)  # peft's template card, empty of facts
    without_paths(folder / "adapter_config.json", base_name)


def without_paths(path: Path, base_name: str) -> None:
    """Rewrite a configuration without this machine's paths and with sorted module names.

    peft keeps module names in sets, whose order changes from process to process.
    """
    settings = read_json(path)
    for key in ("_name_or_path", "base_model_name_or_path"):
        if key in settings:
            settings[key] = base_name
    for key in ("target_modules", "modules_to_save"):
        if isinstance(settings.get(key), list):
            settings[key] = sorted(set(settings[key]))
    write_json(path, settings)


def trained_parameters(adapted: Any) -> int:
    """How many parameters training moves."""
    return int(adapted.get_nb_trainable_parameters()[0])


def _present(model: torch.nn.Module, names: Sequence[str]) -> list[str]:
    paths = {path.rsplit(".", 1)[-1] for path, _ in model.named_modules()}
    return [name for name in names if name in paths]
