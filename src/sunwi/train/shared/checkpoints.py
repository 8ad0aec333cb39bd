"""Where an unfinished run is kept: outside DVC's outs, under a name that says what shaped it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sunwi.records.files import canonical_json
from sunwi.runtime import cache_dir, text_hash

LIBRARIES = ("torch", "transformers", "FlagEmbedding", "peft")


def checkpoint_folder(shape: Mapping[str, Any]) -> Path:
    """The folder of the run that these facts shape: data, parameters, base model, seed, library versions.

    A run that differs in any of them has another folder, so nothing foreign is ever resumed.
    """
    versions = {name: version(name) for name in LIBRARIES}
    key = text_hash(canonical_json({"versions": versions, **shape}))
    return cache_dir() / "checkpoints" / key[:32]


def last_checkpoint(folder: Path) -> Path | None:
    """The last whole checkpoint, or None; one that a kill cut short is removed.

    The trainer writes `trainer_state.json` last, so a checkpoint without a readable one is not whole.
    """
    found = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    for path in reversed(found):
        if _is_whole(path):
            return path
        shutil.rmtree(path, ignore_errors=True)  # another process of the run may do the same
    return None


def _is_whole(path: Path) -> bool:
    try:
        json.loads((path / "trainer_state.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return False
    return True


def remove_checkpoints(folder: Path) -> None:
    """Remove what a finished run no longer needs; a run that kept no checkpoint has no folder."""
    shutil.rmtree(folder, ignore_errors=True)
