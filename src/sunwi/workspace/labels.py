"""Labelled questions by split, natural ones first."""

from __future__ import annotations

from collections.abc import Sequence

from sunwi.errors import DataError
from sunwi.params.bm25 import Bm25Params
from sunwi.params.reading import Sections
from sunwi.paths import PREPARED
from sunwi.records.row import Split
from sunwi.search.labelled import LabelledQuestion, natural_questions, synthetic_questions
from sunwi.trec import read_qrels
from sunwi.workspace.base import Workspace, loaded_once
from sunwi.workspace.corpus import passages
from sunwi.workspace.questions import dev_understood, questions, understood
from sunwi.workspace.rules import copies


class _Settings(Sections):
    bm25: Bm25Params = Bm25Params()


@loaded_once
def natural(workspace: Workspace, split: Split) -> list[LabelledQuestion]:
    """People's judged questions of the split dev or test."""
    dialogues = understood(workspace) if split == "test" else dev_understood(workspace)
    qrels = read_qrels(workspace.path(PREPARED) / ("qrels.tsv" if split == "test" else "dev_qrels.tsv"))
    tokenizer = workspace.params(_Settings).bm25.tokenizer
    return natural_questions(dialogues, qrels, passages(workspace), split, tokenizer)


@loaded_once
def synthetic(workspace: Workspace, split: Split) -> list[LabelledQuestion]:
    """Generated or given questions of a split."""
    return synthetic_questions(questions(workspace), passages(workspace), {split}, copies(workspace))


def dev_labels(workspace: Workspace) -> list[LabelledQuestion]:
    """Natural and synthetic dev questions.

    Raises
    ------
    DataError
        If there is none, before anything is trained: every choice of the pipeline is made on them.
    """
    if not (dev_questions := natural(workspace, "dev") + synthetic(workspace, "dev")):
        count, corpus = len(questions(workspace)), len(passages(workspace))
        what = f"no question is in the dev split: found {count} questions on {corpus} passages"
        give = "give dev_queries.jsonl and dev_qrels.tsv with the corpus"
        step = "raise qa.dev_share" if count else "see in metrics/qa.json why no question was kept"
        raise DataError(what, f"{step}, import more passages, or {give}")
    return dev_questions


def people_dev(workspace: Workspace, sources: Sequence[str]) -> list[LabelledQuestion]:
    """Dev questions that people wrote: the judged dialogues, and given questions of these sources."""
    generators = {f"given:{source}" for source in sources}
    written = {question.qid for question in questions(workspace) if question.generator in generators}
    given = [label for label in synthetic(workspace, "dev") if label.qid in written]
    return natural(workspace, "dev") + given


def labels(workspace: Workspace) -> list[LabelledQuestion]:
    """Every question that candidate lists may be made for."""
    return dev_labels(workspace) + synthetic(workspace, "train")


def relevant_passages(workspace: Workspace) -> dict[str, list[str]]:
    """Question id to the ids of the passages that answer it, of all splits but test."""
    docids = passages(workspace).docids
    return {label.qid: [docids[position] for position in label.relevant] for label in labels(workspace)}


def relevant_groups(workspace: Workspace) -> dict[str, set[str]]:
    """Question id to the documents that answer it, a chunk standing for its document."""
    groups = passages(workspace).groups
    return {label.qid: {groups[position] for position in label.relevant} for label in labels(workspace)}
