"""Labelled questions by split, on a hand-made project."""

from __future__ import annotations

from pathlib import Path

import pytest

from sunwi.errors import DataError
from sunwi.paths import PREPARED, QA
from sunwi.records.files import read_rows, write_rows
from sunwi.records.questions import Question
from sunwi.workspace.base import Workspace
from sunwi.workspace.corpus import passages
from sunwi.workspace.labels import (
    dev_labels,
    labels,
    natural,
    people_dev,
    relevant_groups,
    relevant_passages,
    synthetic,
)


def test_peoples_questions_have_their_documents_chunks(project: Path) -> None:
    workspace = Workspace(project)
    docids = passages(workspace).docids

    def found(split) -> dict[str, list[str]]:
        return {one.qid: [docids[at] for at in one.relevant] for one in natural(workspace, split)}

    assert found("test") == {"test:1": ["d3"], "test:2": ["d4#0", "d4#1"]}  # grade 0 and chit-chat are none
    assert found("dev") == {"dev:1": ["d2"], "dev:2": ["d7"]}
    assert {one.split for one in natural(workspace, "test")} == {"test"}
    assert [one.text for one in natural(workspace, "dev")] == [
        "지각판이 움직이면 무엇이 흔들리나?",
        "마그마는 어디로 솟나?",
    ]


def test_generated_questions_are_of_one_split_and_one_passage(project: Path) -> None:
    workspace = Workspace(project)
    docids = passages(workspace).docids
    assert {one.qid: docids[one.relevant[0]] for one in synthetic(workspace, "dev")} == {
        "q2": "d3",
        "q3": "d4#1",
    }
    assert [one.qid for one in synthetic(workspace, "train")] == ["q0", "q1", "q4"]
    assert [one.overlap for one in synthetic(workspace, "train")] == [0.0, 0.1, 0.4]


def test_natural_ones_come_first_and_test_is_never_among_them(project: Path) -> None:
    workspace = Workspace(project)
    dev = ["dev:1", "dev:2", "q2", "q3"]
    assert [one.qid for one in dev_labels(workspace)] == dev
    assert [one.qid for one in labels(workspace)] == [*dev, "q0", "q1", "q4"]


def test_relevant_passages_and_the_documents_they_stand_for(project: Path) -> None:
    workspace = Workspace(project)
    assert relevant_passages(workspace) == {
        "dev:1": ["d2"], "dev:2": ["d7"], "q0": ["d1", "d6"], "q1": ["d2"], "q2": ["d3"], "q3": ["d4#1"],
        "q4": ["d5"],
    }  # fmt: skip
    assert relevant_groups(workspace) == {
        "dev:1": {"d2"}, "dev:2": {"d7"}, "q0": {"d1", "d6"}, "q1": {"d2"}, "q2": {"d3"}, "q3": {"d4"},
        "q4": {"d5"},
    }  # fmt: skip


def test_a_judged_document_that_is_gone_is_named(project: Path) -> None:
    qrels = project / PREPARED / "qrels.tsv"
    qrels.write_text(qrels.read_text(encoding="utf-8").replace("d3", "d99"), encoding="utf-8")
    with pytest.raises(DataError, match="d99"):
        natural(Workspace(project), "test")
    assert [one.qid for one in natural(Workspace(project), "dev")] == ["dev:1", "dev:2"]


def test_without_a_dev_question_the_counts_and_the_way_on_are_named(project: Path) -> None:
    """Cases 71 and 72: too few passages for a dev split, before anything is trained."""
    (project / PREPARED / "dev_qrels.tsv").write_text("", encoding="utf-8")
    table = project / QA / "questions.jsonl"
    lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
    table.write_text("".join(line for line in lines if '"dev"' not in line), encoding="utf-8")
    with pytest.raises(DataError, match=r"found 3 questions on 8 passages\. Next: raise qa\.dev_share"):
        dev_labels(Workspace(project))
    table.write_text("", encoding="utf-8")
    with pytest.raises(DataError, match=r"found 0 questions on 8 passages\. Next: see in metrics/qa\.json"):
        dev_labels(Workspace(project))


def test_peoples_dev_questions_are_judged_dialogues_and_given_ones_of_their_sources(project: Path) -> None:
    rows = read_rows(project / QA / "questions.jsonl", Question)
    human = [
        row.model_copy(update={"generator": "given:human"}) if row.qid in {"q2", "q4"} else row
        for row in rows
    ]
    write_rows(project / QA / "questions.jsonl", human)
    workspace = Workspace(project)
    assert [one.qid for one in people_dev(workspace, [])] == ["dev:1", "dev:2"]
    assert [one.qid for one in people_dev(workspace, ["llm"])] == ["dev:1", "dev:2"]
    assert [one.qid for one in people_dev(workspace, ["human"])] == [
        "dev:1",
        "dev:2",
        "q2",
    ]  # q4 is for training
