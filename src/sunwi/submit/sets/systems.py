"""What is evaluated: a way to search with its model, or a variant of params.yaml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sunwi.errors import DataError
from sunwi.params.submissions import SubmissionParams
from sunwi.paths import EMBEDDER, INDEX
from sunwi.records.files import read_json
from sunwi.search.fusion.method import Fusion
from sunwi.submit.building import fusion_of
from sunwi.workspace.base import Workspace

Mode = Literal["bm25", "dense", "hybrid", "lexical"]
RETRIEVERS: Mapping[Mode, tuple[Literal["bm25", "dense", "lexical"], ...]] = {
    "bm25": ("bm25",),
    "dense": ("dense",),
    "hybrid": ("bm25", "dense"),
    "lexical": ("lexical",),
}
WITHOUT_PROJECT = frozenset({"bm25", "dense", "lexical"})  # what a corpus alone is enough for


@dataclass(frozen=True, slots=True)
class System:
    """One row of the table.

    `model` is the encoder's spec, `reranker` a cross-encoder's, None where there is none. `of_project` says
    that the variant's own rerankers and weights are taken from the project.
    """

    name: str
    variant: SubmissionParams
    model: str
    fusion: Fusion
    reranker: str | None = None
    of_project: bool = False


def given_systems(
    models: Sequence[str], modes: Sequence[Mode], reranker: str | None, depth: int, rerank_depth: int
) -> list[System]:
    """Each mode with each model; with a reranker every one of them a second time, re-ranked.

    The hybrid is reciprocal rank fusion, which needs no weights.
    """
    systems = []
    for mode in dict.fromkeys(modes):
        for model in dict.fromkeys(models if mode != "bm25" else models[:1]):
            name = mode if mode == "bm25" else f"{mode} {model}"
            variant = SubmissionParams(
                retrievers=list(RETRIEVERS[mode]), fusion="rrf", depth=depth, rerank_depth=None
            )
            systems.append(System(name, variant, model, Fusion("rrf", {}, variant.rrf_k, depth)))
    again = []
    for system in systems if reranker else []:
        variant = system.variant.model_copy(update={"rerank": "cross_encoder", "rerank_depth": rerank_depth})
        again.append(System(f"{system.name} > {reranker}", variant, system.model, system.fusion, reranker))
    return systems + again


def project_systems(
    workspace: Workspace, names: Sequence[str], variants: Mapping[str, SubmissionParams], base: str
) -> list[System]:
    """Variants of params.yaml by name, with the weights that the project fitted.

    Raises
    ------
    DataError
        If there is no such variant, or it needs more than a corpus and its queries; all are named.
    """
    faults = [fault for name in names if (fault := _fault(name, variants))]
    if faults:
        raise DataError("; ".join(faults), "leave these variants out of --variant, or name others")
    systems = []
    for name in dict.fromkeys(names):
        variant = variants[name]
        fitted = (
            read_json(workspace.path(INDEX) / f"fusion_{variant.encoder}.json")
            if variant.fusion == "calibrated"
            else {}
        )
        model = base if variant.encoder == "base" else str(workspace.path(EMBEDDER))
        systems.append(System(name, variant, model, fusion_of(variant, fitted), of_project=True))
    return systems


def _fault(name: str, variants: Mapping[str, SubmissionParams]) -> str | None:
    if name not in variants:
        return (
            f"there is no variant {name!r} that searches; known are {', '.join(sorted(variants)) or 'none'}"
        )
    variant = variants[name]
    if others := sorted(set(variant.retrievers) - WITHOUT_PROJECT):
        return f"variant {name!r} searches by {', '.join(others)}, which only the project's own corpus has"
    if variant.queries != ["standalone"]:
        asked = ", ".join(variant.queries)
        return f"variant {name!r} searches for {asked}, which only the project's queries have"
    if variant.asks_llm:
        return f"variant {name!r} asks an LLM"
    return None
