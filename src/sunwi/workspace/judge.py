"""The language model as second judge of a project: its client, and whether it may judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sunwi.errors import DataError
from sunwi.judging.places import TRUST
from sunwi.judging.trust import Trust
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


def judge_client(
    workspace: Workspace, sharing: LlmClient | None = None, *, budget: float | None = None
) -> LlmClient:
    """A client of the judge's model.

    Parameters
    ----------
    sharing
        A client whose settings and budget are the judge's too, as those of a server that answers live.
    budget
        In place of `llm.budget`.

    Raises
    ------
    DataError
        If there is a budget and the model has no price.
    """
    from sunwi.llm.client import LlmClient  # with asyncio: most projects ask no judge

    params = workspace.params(JudgeSections)
    settings = params.judge.llm(params.llm if sharing is None else sharing.settings)
    if budget is not None:
        if not (settings.price_in or settings.price_out):
            raise DataError("--budget needs prices", "set llm.price_in and llm.price_out in params.yaml")
        settings = settings.model_copy(update={"budget": budget})
    client = LlmClient(settings, progress_label="judge")
    if sharing is not None:
        client.ledger = sharing.ledger
    return client


def judge_trust(workspace: Workspace) -> Trust:
    """What the stage judge found: whether the language model may judge."""
    found = read_json(workspace.path(TRUST))
    return Trust(found["used"], found["why"])
