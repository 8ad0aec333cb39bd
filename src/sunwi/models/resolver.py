"""From a model spec (builtin name, hub id or folder) to a local folder and how to use it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sunwi.errors import ModelError
from sunwi.models import builtin
from sunwi.models.api_spec import api_info, is_api, read_api
from sunwi.models.heads import STEMS, head_file
from sunwi.models.kept_hash import kept_hash
from sunwi.models.loading import read_settings, refuse_own_code
from sunwi.models.pooling import POOLINGS
from sunwi.models.projection import WEIGHTS, dense_folders
from sunwi.models.spec import ModelInfo

INSTRUCT = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: "
# What a model's files leave unsaid: families trained with prefixes, or pooled otherwise than by the mean.
FAMILIES: tuple[tuple[str, str, str, str], ...] = (
    # Of its card; its files hold no prompt, and it was not trained with "query: " of the plain E5 models.
    ("e5-large-instruct", "mean", INSTRUCT, ""),
    ("e5-", "mean", "query: ", "passage: "),
    ("bge-m3", "cls", "", ""),
    ("bge-", "cls", "", ""),
    ("polyglot", "lasttoken", "", ""),
)
PICKLED = "pytorch_model*.bin"  # BAAI/bge-m3 has no safetensors; torch unpickles tensors alone
# Pooling and prefixes are keys of their own: a copy that adds sentence-transformers' files has the same hash.
_HASHED = ("*.safetensors", "config.json", "tokenizer.json", "*.model", "vocab.txt", "*_linear.pt", PICKLED)
_HUB_FILES = ["*.json", "*.safetensors", "*.model", "*.txt", "1_Pooling/*", "*_Dense/*", "*_linear.pt"]
_MODULES = ("Dense", "Normalize", "Pooling", "Transformer")
_MODULE = re.compile(rf"sentence_transformers\.(?:\w+\.)*(?:{'|'.join(_MODULES)})")


def resolve(spec: str) -> ModelInfo:
    """Local folder, pooling, prefixes, heads and content hash of a bi-encoder.

    Raises
    ------
    ModelError
        If the folder is no model or one that this package would use wrongly (another pooling, further
        modules), or the hub cannot be reached.
    """
    if is_api(spec):
        return api_info(spec)
    folder = _local_folder(spec)
    if (api := read_api(folder)) is not None:
        return api_info(api)
    if not (folder / "config.json").exists():
        fault, next_step = f"the folder {folder} has no config.json", "name a Hugging Face model folder or id"
        raise ModelError(spec, fault, next_step)
    refuse_own_code(folder)
    if not has_weights(folder):
        fault = f"the folder {folder} has neither *.safetensors nor {PICKLED}"
        raise ModelError(spec, fault, "copy the weights there, or run the stage that writes it (dvc repro)")
    pooling, query_prefix, passage_prefix = _usage(spec, folder)
    # Without a head's file FlagEmbedding would use a random one.
    heads = ("dense", *(head for head in ("lexical", "colbert") if head_file(folder, head)))
    layers = dense_folders(spec, folder, _modules(folder))
    digest = content_hash(folder)
    return ModelInfo(spec, folder, pooling, query_prefix, passage_prefix, heads, digest, layers)


def has_weights(folder: Path) -> bool:
    """Whether a folder holds an encoder's weights in a form that is loaded here."""
    files = (path for pattern in ("*.safetensors", PICKLED) for path in folder.glob(pattern))
    return any(path.stem not in STEMS.values() for path in files)


def _local_folder(spec: str) -> Path:
    if Path(spec).is_dir():
        return Path(spec)
    if spec == builtin.SPEC:
        return builtin.builtin_folder()
    if spec.startswith("builtin/"):
        next_step = f"use {builtin.SPEC}, a hub id or a folder"
        raise ModelError(spec, "there is no builtin model of this name", next_step)
    if spec.count("/") != 1 or spec.startswith((".", "/", "models/")):
        next_step = "check the path, or run the stage that makes it (dvc repro)"
        raise ModelError(spec, "there is no such folder", next_step)
    return _from_hub(spec, spec)


def _from_hub(spec: str, hub_id: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        folder = Path(snapshot_download(hub_id, allow_patterns=_HUB_FILES))
        if not has_weights(folder):
            folder = Path(snapshot_download(hub_id, allow_patterns=[*_HUB_FILES, f"{PICKLED}*"]))
        return folder
    except Exception as error:  # the hub's client raises many kinds; all mean the same to the user
        raise ModelError(
            spec,
            f"{hub_id} is neither in the local cache nor downloadable ({type(error).__name__})",
            f"connect to the hub, or download the model and name its folder; offline use {builtin.SPEC}",
        ) from error


def _usage(spec: str, folder: Path) -> tuple[str, str, str]:
    """Pooling and prefixes: the folder's own sentence-transformers files first, then the family's habit."""
    name = spec.rsplit("/", 1)[-1].lower()
    family = next((row for row in FAMILIES if row[0] in name), None)
    pooling = family[1] if family else "mean"
    query_prefix, passage_prefix = (family[2], family[3]) if family else ("", "")
    types = {str(row["type"]) for row in _modules(folder)}
    # A type of another package is the model's own code, even if its class has a known name.
    if unknown := sorted(name for name in types if not _MODULE.fullmatch(name)):
        fault = f"modules.json names {', '.join(unknown)}, which would be left out"
        raise ModelError(spec, fault, f"use a model of {', '.join(_MODULES)} alone")
    settings = read_settings(folder / "1_Pooling" / "config.json", {})
    if settings.get("include_prompt") is False:
        fault = "1_Pooling/config.json leaves the prompt's tokens out of the pooling (include_prompt: false)"
        raise ModelError(spec, fault, "use a model that pools all tokens")
    declared = _declared_pooling(settings)
    if len(declared) > 1 or not set(declared) <= set(POOLINGS.names):
        known = ", ".join(POOLINGS.names)
        raise ModelError(spec, f"it pools by {' and '.join(declared)}", f"use one of {known}")
    if declared:
        pooling = declared[0]
    prompts = read_settings(folder / "config_sentence_transformers.json", {}).get("prompts") or {}
    if "query" in prompts:
        query_prefix = prompts["query"]
        passage_prefix = prompts.get("passage") or prompts.get("document") or ""
    return pooling, query_prefix, passage_prefix


def _modules(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = read_settings(folder / "modules.json", [])
    return rows


def _declared_pooling(config: Mapping[str, Any]) -> list[str]:
    """Poolings of a sentence-transformers folder: `pooling_mode` since its version 6, flags before."""
    if modes := config.get("pooling_mode"):
        return [modes] if isinstance(modes, str) else list(modes)
    known = {member.flag: name for name, member in POOLINGS.all().items()}
    flags = sorted(key for key, on in config.items() if key.startswith("pooling_mode_") and on)
    return [known.get(flag, flag.removeprefix("pooling_mode_")) for flag in flags]


def content_hash(folder: Path) -> str:
    """Hex sha256 over names and contents of weights, configuration and tokeniser."""
    paths = sorted({path for pattern in _HASHED for path in folder.glob(pattern)})
    dense = [row["path"] for row in _modules(folder) if str(row["type"]).endswith(".Dense")]
    paths += [path for name in dense if (path := folder / name / WEIGHTS).exists()]
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.relative_to(folder).as_posix().encode("utf-8"))
        digest.update(kept_hash(path).encode("ascii"))
    return digest.hexdigest()
