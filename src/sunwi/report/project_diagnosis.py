"""The diagnosis of a project: failure notes, steps, hard negatives, the embedding map."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import NonNegativeInt

from sunwi.params.encoder import EncoderParams
from sunwi.params.variants import HeadlineSections
from sunwi.paths import METRICS, MINED, PLOTS
from sunwi.records.failures import AugmentedFailure
from sunwi.records.files import iter_rows, read_rows
from sunwi.records.mined import MinedRow
from sunwi.report.diagnosis import Diagnosis, diagnose, read_submitted
from sunwi.report.embedding_map import embedding_map, question_groups
from sunwi.report.failures import FailureNote, count_causes
from sunwi.report.negative_scores import score_histogram
from sunwi.report.readings import better_read_queries
from sunwi.score.plots import headline_recall
from sunwi.score.relevance import relevant_documents
from sunwi.submit.folders import submission_folder
from sunwi.workspace.base import Workspace
from sunwi.workspace.corpus import passages, prepared
from sunwi.workspace.encoders import encoder
from sunwi.workspace.questions import questions, understood
from sunwi.workspace.retrieval import passage_vectors, question_vectors

Rows = list[dict[str, Any]]


class DiagnosisSections(HeadlineSections):
    """The sections that the diagnosis reads."""

    seed: NonNegativeInt = 42
    encoder: EncoderParams = EncoderParams()


@dataclass(frozen=True, slots=True)
class ProjectDiagnosis:
    """What is written: notes, their counts by variant and cause, and the rows of plots by their name."""

    notes: list[FailureNote]
    causes: Mapping[str, Any]
    stage_hits: Rows
    headline_hits: Rows
    headline_recall: Rows
    negative_scores: Rows
    embedding_map: Rows


def diagnose_project(workspace: Workspace) -> ProjectDiagnosis:
    """Go through what the stages before wrote."""
    params, corpus, synthetic = workspace.params(DiagnosisSections), passages(workspace), questions(workspace)
    tables, dialogues = prepared(workspace), understood(workspace)
    relevant = relevant_documents(tables.qrels)
    model, length = encoder(workspace, "promoted"), params.encoder.query_max_length
    encode = partial(model.encode, side="query", max_length=length, label="encode queries")
    better = better_read_queries(
        tables.queries,
        {query.qid: query.standalone_query for query in dialogues},
        relevant,
        encode,
        passage_vectors(workspace, "promoted"),
        corpus.groups,
        params.score.cutoff,
    )
    texts = {document.docid: document.text for document in tables.corpus}
    per_query = workspace.path(METRICS) / "per_query.csv"
    folders = {name: workspace.path(submission_folder(params, name)) for name in params.variants}
    submitted = read_submitted(folders, per_query)
    diagnosis = diagnose(submitted, relevant, better, texts, params.score.cutoff)
    mined = iter_rows(workspace.path(MINED) / "train.jsonl", MinedRow)
    augmented = read_rows(workspace.path(MINED) / "augmented.jsonl", AugmentedFailure)
    known = synthetic, question_vectors(workspace, "promoted")
    return ProjectDiagnosis(
        notes=diagnosis.notes,
        causes=count_causes(diagnosis.notes, params.variants),
        stage_hits=diagnosis.hits,
        headline_hits=_of_variant(diagnosis, params.headline),
        headline_recall=_recall(workspace, params),
        negative_scores=score_histogram(mined),
        embedding_map=embedding_map(
            question_groups(dialogues, known, augmented, encode),
            diagnosis.failed(params.headline),
            params.report.map_questions,
            params.report.perplexity,
            params.seed,
        ),
    )


def _of_variant(diagnosis: Diagnosis, variant: str) -> Rows:
    return [row for row in diagnosis.hits if row["variant"] == variant]


def _recall(workspace: Workspace, params: DiagnosisSections) -> Rows:
    with (workspace.path(PLOTS) / "recall.csv").open(encoding="utf-8", newline="") as lines:
        return headline_recall(csv.DictReader(lines), params.headline, params.score.baseline)
