"""From a model spec (builtin name, hub id or folder) to a local folder and how to use it."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from sunwi.errors import ModelError
from sunwi.models import builtin
from sunwi.models.spec import ModelInfo, Pooling
from sunwi.runtime import file_hash

# What a model's files leave unsaid: families trained with prefixes, or pooled otherwise than by the mean.
FAMILIES: tuple[tuple[str, Pooling, str, str], ...] = (
    ("e5-", "mean", "query: ", "passage: "),
    ("bge-m3", "cls", "", ""),
    ("bge-", "cls", "", ""),
    ("polyglot", "lasttoken", "", ""),
)
_HASHED = ("*.safetensors", "*.json", "*.model", "*.txt", "*_linear.pt")
_HUB_FILES = ["*.json", "*.safetensors", "*.model", "*.txt", "1_Pooling/*", "*_linear.pt"]


def resolve(spec: str) -> ModelInfo:
    """Local folder, pooling, prefixes, heads and content hash of a bi-encoder.

    Raises
    ------
    ModelError
        If the folder is no model, or the hub cannot be reached.
    """
    folder = _local_folder(spec)
    if not (folder / "config.json").exists():
        raise ModelError(spec, f"the folder {folder} has no config.json", "name a Hugging Face model folder or id")
    pooling, query_prefix, passage_prefix = _usage(spec, folder)
    heads = ["dense"]
    if (folder / "sparse_linear.pt").exists():  # without its file FlagEmbedding would use a random head
        heads.append("lexical")
    if (folder / "colbert_linear.pt").exists():
        heads.append("colbert")
    return ModelInfo(spec, folder, pooling, query_prefix, passage_prefix, tuple(heads), content_hash(folder))


def _local_folder(spec: str) -> Path:
    if Path(spec).is_dir():
        return Path(spec)
    if spec == builtin.SPEC:
        if builtin.data_file() is not None:
            return builtin.builtin_folder()
        return _from_hub(spec, builtin.HUB_ID)
    if spec.startswith("builtin/"):
        raise ModelError(spec, "there is no builtin model of this name", f"use {builtin.SPEC}, a hub id or a folder")
    if spec.count("/") != 1 or spec.startswith((".", "/", "models/")):
        raise ModelError(spec, "there is no such folder", "check the path, or run the stage that makes it (dvc repro)")
    return _from_hub(spec, spec)


def _from_hub(spec: str, hub_id: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(hub_id, allow_patterns=_HUB_FILES))
    except Exception as error:  # the hub's client raises many kinds; all mean the same to the user
        raise ModelError(
            spec,
            f"{hub_id} is neither in the local cache nor downloadable ({type(error).__name__})",
            f"connect to the hub, or download the model and name its folder; offline use {builtin.SPEC}",
        ) from error


def _usage(spec: str, folder: Path) -> tuple[Pooling, str, str]:
    """Pooling and prefixes: the folder's own sentence-transformers files first, then the family's habit."""
    name = spec.rsplit("/", 1)[-1].lower()
    family = next((row for row in FAMILIES if row[0] in name), None)
    pooling: Pooling = family[1] if family else "mean"
    query_prefix, passage_prefix = (family[2], family[3]) if family else ("", "")
    declared = _read(folder / "1_Pooling" / "config.json")
    for key, mode in (("cls_token", "cls"), ("mean_tokens", "mean"), ("lasttoken", "lasttoken")):
        if declared.get(f"pooling_mode_{key}"):
            pooling = cast("Pooling", mode)
    prompts = _read(folder / "config_sentence_transformers.json").get("prompts") or {}
    if "query" in prompts:
        query_prefix = prompts["query"]
        passage_prefix = prompts.get("passage") or prompts.get("document") or ""
    return pooling, query_prefix, passage_prefix


def _read(path: Path) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def content_hash(folder: Path) -> str:
    """Hex sha256 over names and contents of weights, configuration and tokeniser."""
    paths = sorted({path for pattern in _HASHED for path in folder.rglob(pattern)})
    digest = hashlib.sha256()
    for path in paths:
        stat = path.stat()
        digest.update(path.relative_to(folder).as_posix().encode("utf-8"))
        digest.update(_hash_once(str(path.resolve()), stat.st_size, stat.st_mtime_ns).encode("ascii"))
    return digest.hexdigest()


@lru_cache(maxsize=256)
def _hash_once(path: str, size: int, modified: int) -> str:  # noqa: ARG001  size and time are the key
    return file_hash(Path(path))
