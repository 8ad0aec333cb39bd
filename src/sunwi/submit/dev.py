"""What a variant reaches on the dev dialogues: the number by which settings are chosen, never the test's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sunwi.records.submissions import UnderstoodQuery
from sunwi.score.competition_map import competition_map
from sunwi.score.relevance import relevant_documents
from sunwi.submit.finishing import Submission
from sunwi.trec import Qrels
from sunwi.workspace.base import Workspace
from sunwi.workspace.corpus import prepared
from sunwi.workspace.llm import recorded_usage
from sunwi.workspace.questions import dev_understood, understood

if TYPE_CHECKING:
    from sunwi.llm.client import LlmClient


def build_with_dev(
    workspace: Workspace,
    stage: str,
    build: Callable[[Sequence[UnderstoodQuery], str], Submission],
    client: LlmClient | None,
    cutoff: int,
) -> tuple[Submission, Submission]:
    """A submission for the evaluation's dialogues, and the same for the dev dialogues.

    The first one's metrics have what the second one reaches, and what the LLM answered.

    Parameters
    ----------
    stage
        Under which the LLM's usage is recorded.
    build
        Dialogues, and the suffix of the rankings that belong to them, to a submission.
    """
    with recorded_usage(workspace, stage, client):
        submission, dev = build(understood(workspace), ""), build(dev_understood(workspace), ".dev")
    submission.metrics.update(dev_metrics(dev, prepared(workspace).dev_qrels, cutoff))
    if client is not None:
        submission.metrics["llm"] = client.ledger.answers()  # each counted once, whenever it was bought
    return submission, dev


def dev_metrics(dev: Submission, qrels: Qrels, cutoff: int) -> dict[str, float | int]:
    """`dev_map` (the competition's MAP) and the number of dialogues; nothing without judged dialogues."""
    if not dev.rows or not qrels:
        return {}
    topk = {str(row.eval_id): row.topk for row in dev.rows}
    value = competition_map(relevant_documents(qrels), topk, cutoff)
    return {"dev_map": round(value, 6), "dev_queries": len(topk)}
