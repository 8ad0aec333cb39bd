"""Scores of a project's variants, read from their files."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Protocol

from pydantic import NonNegativeInt

from sunwi.params.bm25 import Bm25Params
from sunwi.params.fusion import FusionParams
from sunwi.params.score import ScoreParams
from sunwi.params.variants import VariantSections
from sunwi.records.submitted import read_topk
from sunwi.score.strata import query_strata
from sunwi.score.table import Scores, score_runs
from sunwi.submit.folders import submission_folder
from sunwi.trec import read_run
from sunwi.workspace.base import Workspace
from sunwi.workspace.corpus import passages, prepared
from sunwi.workspace.questions import understood


class ScoreSections(VariantSections):
    """The sections that scoring reads."""

    seed: NonNegativeInt = 42
    score: ScoreParams = ScoreParams()
    bm25: Bm25Params = Bm25Params()
    fusion: FusionParams = FusionParams()


class Scored(Protocol):
    """What scoring reads, as `ScoreSections` and the whole of params.yaml have it."""

    @property
    def seed(self) -> int: ...
    @property
    def score(self) -> ScoreParams: ...
    @property
    def bm25(self) -> Bm25Params: ...
    @property
    def fusion(self) -> FusionParams: ...
    @property
    def baselines(self) -> Container[str]: ...
    @property
    def variants(self) -> Iterable[str]: ...


def score_project(workspace: Workspace, params: Scored) -> Scores:
    """Measure the variants that the parameters have on the evaluation's dialogues."""
    tables = prepared(workspace)
    folders = {name: workspace.path(submission_folder(params, name)) for name in sorted(params.variants)}
    strata = query_strata(
        tables.queries,
        understood(workspace),
        tables.qrels,
        passages(workspace),
        params.bm25.tokenizer,
        params.fusion.low_overlap,
    )
    return score_runs(
        tables.qrels,
        {name: read_run(folder / f"{name}.run") for name, folder in folders.items()},
        {name: read_topk(folder / f"{name}.jsonl") for name, folder in folders.items()},
        [query.qid for query in tables.queries],
        params.score,
        seed=params.seed,
        strata=strata,
    )
