"""Questions: synthetic or given ones, and people's understood dialogues."""

from __future__ import annotations

from sunwi.paths import QA, QUERIES
from sunwi.records.files import read_rows
from sunwi.records.questions import IndexQuestion, Question
from sunwi.records.submissions import UnderstoodQuery
from sunwi.workspace.base import Workspace, loaded_once


@loaded_once
def questions(workspace: Workspace) -> list[Question]:
    """The kept questions."""
    return read_rows(workspace.path(QA) / "questions.jsonl", Question)


@loaded_once
def index_questions(workspace: Workspace) -> list[IndexQuestion]:
    """What the question index holds beside the kept questions."""
    return read_rows(workspace.path(QA) / "index_questions.jsonl", IndexQuestion)


def searched_questions(workspace: Workspace) -> list[Question | IndexQuestion]:
    """What the question index holds: the kept questions, then those for search alone."""
    return [*questions(workspace), *index_questions(workspace)]


def index_generators(workspace: Workspace) -> list[str]:
    """Who wrote each question of the index."""
    return [question.generator for question in searched_questions(workspace)]


@loaded_once
def understood(workspace: Workspace) -> list[UnderstoodQuery]:
    """The evaluation's dialogues."""
    return read_rows(workspace.path(QUERIES) / "understood.jsonl", UnderstoodQuery)


@loaded_once
def dev_understood(workspace: Workspace) -> list[UnderstoodQuery]:
    """The dev dialogues."""
    return read_rows(workspace.path(QUERIES) / "dev_understood.jsonl", UnderstoodQuery)
