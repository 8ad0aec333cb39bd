"""Which variants can answer: what each one reads, and whether it is there as dvc.lock has it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sunwi.judging.places import TRUST
from sunwi.params.combinations import CombinationParams
from sunwi.params.submissions import SubmissionParams
from sunwi.params.variants import Variant, VariantSections
from sunwi.paths import EMBEDDER, INDEX, PREPARED, QA, RERANKER, SPARSE, STAGE1
from sunwi.submit.grid import STAGES
from sunwi.workspace.base import Workspace

HASHED_AT_MOST = 1 << 28  # bytes; of a larger file the size is compared alone


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a variant can answer; if not, why and the command that changes it."""

    name: str
    ready: bool
    asks_llm: bool
    why: str = ""
    command: str = ""


def readiness(workspace: Workspace, *, llm: bool) -> dict[str, Readiness]:
    """Each variant of params.yaml, in its order.

    Parameters
    ----------
    llm
        Whether the server may ask a language model.
    """
    params, lock = workspace.params(VariantSections), locked_outs(workspace)
    return {name: _state(workspace, params, lock, name, llm=llm) for name in params.variants}


def _state(
    workspace: Workspace, params: VariantSections, lock: dict[str, dict[str, Any]], name: str, *, llm: bool
) -> Readiness:
    asks = _asks_llm(params, name)
    if asks and not llm:
        return Readiness(name, False, asks, "it asks a language model", "sunwi serve --llm --budget 1.0")
    for path in _reads(params, name):
        if fault := _fault(workspace.path(path), lock.get(path.as_posix())):
            stage = next(stage for section, stage in STAGES.items() if name in getattr(params, section))
            return Readiness(name, False, asks, f"{path.as_posix()}: {fault}", f"dvc repro {stage}@{name}")
    return Readiness(name, True, asks)


def _members(params: VariantSections, name: str) -> list[Variant]:
    variant = params.variants[name]
    if not isinstance(variant, CombinationParams):
        return [variant]
    return [variant, *(member for read in variant.reads for member in _members(params, read))]


def _asks_llm(params: VariantSections, name: str) -> bool:
    return any(member.asks_llm for member in _members(params, name))


def _reads(params: VariantSections, name: str) -> list[Path]:
    paths = [PREPARED / "corpus.jsonl", QA / "questions.jsonl", QA / "index_questions.jsonl"]
    for variant in _members(params, name):
        if isinstance(variant, SubmissionParams):
            paths += [INDEX / variant.encoder, INDEX / f"fusion_{variant.encoder}.json"]
            paths += [EMBEDDER] if variant.encoder == "promoted" else []
            paths += [SPARSE] if "sparse" in variant.retrievers else []
            if variant.rerank == "learned":
                paths += [INDEX / f"ranker_{variant.encoder}.json"]
            elif variant.rerank not in {"none", "late_interaction"}:
                final = variant.reranker == "final"
                paths += [RERANKER, INDEX / "blend.json"] if final else [STAGE1, INDEX / "blend_stage1.json"]
        elif variant.arbiter:
            paths += [RERANKER] if variant.arbiter.scorer != "late_interaction" else []
            paths += [TRUST] if variant.arbiter.llm else []
        elif variant.union:
            paths += [INDEX / ("blend.json" if variant.union.rerank != "late_interaction" else
                               f"blend_{variant.union.encoder}.json")]  # fmt: skip
    return list(dict.fromkeys(paths))


def locked_outs(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """Path to entry of every output that dvc.lock records; empty without the file."""
    from sunwi.params.yaml_text import read_mapping

    lock = workspace.path(Path("dvc.lock"))
    stages = read_mapping(lock).get("stages", {}) if lock.exists() else {}
    return {out["path"]: out for stage in stages.values() for out in stage.get("outs", [])}


def _fault(path: Path, entry: dict[str, Any] | None) -> str:
    """Why a file or folder cannot be used; empty if it can."""
    if not path.exists():
        return "not built yet"
    if entry is None:
        return ""
    files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    size = sum(file.stat().st_size for file in files)
    same = size == entry.get("size", size) and len(files) == entry.get("nfiles", len(files))
    if same and path.is_file() and size <= HASHED_AT_MOST and "md5" in entry:
        same = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() == entry["md5"]
    return "" if same else "not what dvc.lock records"
