"""Everything that the page shows, read already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sunwi.params.whole import Params
from sunwi.records.corpus import Document, Query
from sunwi.records.submissions import LineageRow, UnderstoodQuery
from sunwi.report.failures import FailureNote
from sunwi.score.per_query import PerQuery
from sunwi.trec import Qrels

Table = Sequence[Mapping[str, str]]  # rows of a CSV


@dataclass(frozen=True, slots=True)
class PageInputs:
    """What the stages before the page wrote.

    Attributes
    ----------
    metrics
        Stage to its metrics: prepare, qa, llm, mine, pairs, query, train_embedder, train_reranker, failures,
        and `submissions` with those of each variant; train_reranker_targeted and sparse where those stages
        exist.
    plots
        Name of a table of metrics/plots to its rows.
    points
        Rows of the embedding map.
    topk
        Variant to query id to submitted documents.
    stages
        `stages` of dvc.yaml.
    locked
        Path to content hash of what the pipeline made, as dvc.lock has it.
    versions
        Package to version.
    """

    params: Params
    scores: Mapping[str, Mapping[str, float]]
    detail: Mapping[str, Any]
    per_query: PerQuery
    metrics: Mapping[str, Any]
    plots: Mapping[str, Table]
    points: Table
    documents: Sequence[Document]
    queries: Sequence[Query]
    understood: Sequence[UnderstoodQuery]
    qrels: Qrels
    lineage: Mapping[str, Sequence[LineageRow]]
    topk: Mapping[str, Mapping[str, Sequence[str]]]
    notes: Sequence[FailureNote]
    stages: Mapping[str, Any]
    locked: Mapping[str, str]
    versions: Mapping[str, str]
