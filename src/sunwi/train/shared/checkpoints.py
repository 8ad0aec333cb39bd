"""Checkpoints of unfinished runs, outside DVC's outs, in a folder that is named by what determines the run.

transformers' trainer writes its own form, folders named `checkpoint-STEP`; `train_loop` writes one file.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sunwi.records.files import canonical_json
from sunwi.runtime import atomic_write, cache_dir, text_hash

if TYPE_CHECKING:
    import torch

LIBRARIES = ("torch", "transformers", "FlagEmbedding", "peft")
STATE_FILE = "state.safetensors"


def checkpoint_folder(shape: Mapping[str, Any]) -> Path:
    """The folder of the run that these facts determine: data, parameters, base model, seed; library versions.

    A run that differs in any of them has another folder, so no other run's checkpoint is resumed.
    """
    versions = {name: version(name) for name in LIBRARIES}
    key = text_hash(canonical_json({"versions": versions, **shape}))
    return cache_dir() / "checkpoints" / key[:32]


def last_checkpoint(folder: Path) -> Path | None:
    """The last complete checkpoint of transformers' trainer, or None; one that a kill cut short is removed.

    The trainer writes `trainer_state.json` last, so a checkpoint without a readable one is incomplete.
    """
    checkpoints = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    for path in reversed(checkpoints):
        if _is_complete(path):
            return path
        shutil.rmtree(path, ignore_errors=True)  # another process of the run may do the same
    return None


def _is_complete(path: Path) -> bool:
    try:
        json.loads((path / "trainer_state.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return False
    return True


def save_state(folder: Path, model: Any, optimizer: Any, best: Mapping[str, Any], facts: Any) -> None:
    """Write trained weights, AdamW's moments, the best weights, the random states and `facts` to one file."""
    from safetensors.torch import save_file

    tensors = {f"best.{name}": value for name, value in best.items()}
    for name, parameter in _trained(model).items():
        tensors[f"weight.{name}"] = parameter
        for key, value in optimizer.state.get(parameter, {}).items():
            tensors[f"moment.{key}.{name}"] = value
    tensors |= {f"random.{device}": value for device, value in _torch_random().items()}
    generator, words, *rest = np.random.get_state(legacy=True)
    noted = {"facts": facts, "python": random.getstate(), "numpy": [generator, list(map(int, words)), *rest]}
    tensors = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    with atomic_write(folder / STATE_FILE, "wb") as file:
        save_file(tensors, file.name, metadata={"run": json.dumps(noted)})


def load_state(folder: Path, model: Any, optimizer: Any) -> tuple[Any, dict[str, torch.Tensor]] | None:
    """Put a saved state back in place and return its facts and best weights; None if there is none."""
    import torch
    from safetensors import safe_open

    if not (folder / STATE_FILE).exists():
        return None
    with safe_open(folder / STATE_FILE, framework="pt") as file:
        noted = json.loads(file.metadata()["run"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a mapping
    for name, parameter in _trained(model).items():
        parameter.data.copy_(tensors[f"weight.{name}"])
        moments = {key: tensors.get(f"moment.{key}.{name}") for key in ("step", "exp_avg", "exp_avg_sq")}
        optimizer.state[parameter] = {
            key: value if key == "step" else value.to(parameter.device)
            for key, value in moments.items()
            if value is not None
        }
    torch.set_rng_state(tensors["random.cpu"])
    if "random.cuda" in tensors and torch.cuda.is_available():
        torch.cuda.set_rng_state(tensors["random.cuda"])
    version_, words, gauss = noted["python"]
    random.setstate((version_, tuple(words), gauss))
    np.random.set_state(tuple(noted["numpy"]))
    best = {name.removeprefix("best."): value for name, value in tensors.items() if name.startswith("best.")}
    return noted["facts"], best


def _trained(model: torch.nn.Module) -> dict[str, torch.nn.Parameter]:
    return {name: value for name, value in model.named_parameters() if value.requires_grad}


def _torch_random() -> dict[str, torch.Tensor]:
    import torch

    states = {"cpu": torch.get_rng_state()}
    return states | ({"cuda": torch.cuda.get_rng_state()} if torch.cuda.is_available() else {})


def remove_checkpoints(folder: Path) -> None:
    """Remove what a finished run no longer needs; a run that kept no checkpoint has no folder."""
    shutil.rmtree(folder, ignore_errors=True)
