"""What the page was made from: content hashes as DVC keeps them, and package versions."""

from __future__ import annotations

import platform
from collections.abc import Collection, Mapping
from importlib import metadata
from typing import Any

PACKAGES = (
    "FlagEmbedding", "bm25s", "dvc", "ir-measures", "kiwipiepy", "numpy", "peft", "sentence-transformers",
    "scikit-learn", "sunwi", "torch", "transformers", "vl-convert-python",
)  # fmt: skip


def locked_hashes(lock: Mapping[str, Any], stages: Collection[str]) -> dict[str, str]:
    """Path to content hash of the outputs of `stages` in dvc.lock.

    For a page that is an output itself these must be the stages above its own: they alone are settled when
    it is written, so that the page does not depend on what else has run.
    """
    return {
        out["path"]: str(out.get("md5", ""))
        for name, stage in lock.get("stages", {}).items()
        if name.split("@")[0] in stages
        for out in stage.get("outs", ())
    }


def package_versions() -> dict[str, str]:
    """Python's version and those of the packages that results depend on; missing ones are left out."""
    versions = {"Python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # an optional one
            continue
    return versions
