"""What is known to answer beside a question's own passage."""

from __future__ import annotations

from sunwi.corpus.copies import copies_of
from sunwi.corpus.rows import DuplicatePair
from sunwi.mining.false_negatives import FalseNegativeRules, co_relevant
from sunwi.params.mining import MiningParams
from sunwi.params.reading import Sections
from sunwi.paths import PREPARED
from sunwi.records.files import read_rows
from sunwi.workspace.base import Workspace, loaded_once
from sunwi.workspace.corpus import passages
from sunwi.workspace.questions import questions


class _Settings(Sections):
    mining: MiningParams = MiningParams()


@loaded_once
def copies(workspace: Workspace) -> dict[str, frozenset[str]]:
    """Docid to the docids with the same or nearly the same content, of those that have a copy."""
    return copies_of(read_rows(workspace.path(PREPARED) / "duplicates.jsonl", DuplicatePair))


@loaded_once
def false_negative_rules(workspace: Workspace) -> FalseNegativeRules:
    """The rules that keep what may answer out of the negatives."""
    settings = workspace.params(_Settings).mining
    return FalseNegativeRules(
        passages(workspace),
        copies(workspace),
        co_relevant(
            (question.question, docid)
            for question in questions(workspace)
            for docid in (question.docid, *(question.also or ()))
        ),
        settings.max_positive_share,
        settings.max_score,
        settings.min_margin,
    )
