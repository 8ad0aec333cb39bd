"""The language model as second judge of a project: its client, and whether it may judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sunwi.judging.places import TRUST
from sunwi.llm_judge.trust import Trust
from sunwi.params.judge import JudgeParams
from sunwi.params.llm import LlmParams
from sunwi.params.reading import Sections
from sunwi.params.section import Seed
from sunwi.records.files import read_json
from sunwi.workspace.base import Workspace

if TYPE_CHECKING:
    from sunwi.llm.client import LlmClient


class JudgeSections(Sections):
    """The sections that the judge reads."""

    seed: Seed = 42
    judge: JudgeParams = JudgeParams()
    llm: LlmParams = LlmParams()


def judge_client(workspace: Workspace, sharing: LlmClient | None = None) -> LlmClient:
    """A client of the judge's model.

    Parameters
    ----------
    sharing
        A client whose settings and budget are the judge's too, as those of a server that answers live.
    """
    from sunwi.llm.client import LlmClient  # with asyncio: most projects ask no judge

    params = workspace.params(JudgeSections)
    if sharing is None:
        return LlmClient(params.judge.llm(params.llm), progress_label="judge")
    client = LlmClient(params.judge.llm(sharing.settings), progress_label="judge")
    client.ledger = sharing.ledger
    return client


def judge_trust(workspace: Workspace) -> Trust:
    """What the stage judge found: whether the language model may judge."""
    found = read_json(workspace.path(TRUST))
    return Trust(found["used"], found["why"])
