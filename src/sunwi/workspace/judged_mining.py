"""Mined rows through the language model's judgement, where params.yaml asks for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sunwi.mining.judged import JudgedCount, judged_rows, with_spare
from sunwi.mining.metrics import MiningCount
from sunwi.params.mining import MiningParams
from sunwi.records.mined import MinedRow
from sunwi.workspace.base import Workspace
from sunwi.workspace.judge import JudgeSections, judge_client, judge_trust
from sunwi.workspace.llm import recorded_usage


class MiningJudge:
    """What `judge.false_negatives` asks for; rows and metrics stay as they are where it asks for nothing.

    A judge whose agreement with people is below the floor is not used, which the metrics and stderr say.
    """

    def __init__(self, workspace: Workspace, mining: MiningParams) -> None:
        self._workspace, self._mining = workspace, mining
        self._judge = workspace.params(JudgeSections).judge
        self._wanted = self._judge.false_negatives != "ignore"
        self._trust = judge_trust(workspace) if self._wanted else None
        self._client = judge_client(workspace) if self._trust is not None and self._trust.used else None
        self._count = JudgedCount(MiningCount(mining.negatives))

    @property
    def notice(self) -> str | None:
        """A sentence where the judge was asked for and may not judge."""
        if self._trust is None or self._trust.used:
            return None
        return f"the judge reads no negative: {self._trust.why}. Next: judge more (sunwi judge pool)"

    @property
    def mining(self) -> MiningParams:
        """Settings that mine for the judge."""
        return self._mining if self._client is None else with_spare(self._mining, self._judge)

    def rows(self, mined: Iterable[MinedRow]) -> Iterable[MinedRow]:
        """The rows that are written."""
        if self._client is None:
            yield from mined
            return
        with recorded_usage(self._workspace, "mine", self._client):
            negatives = self._mining.negatives
            yield from judged_rows(mined, self._client, negatives, self._judge, self._count)

    def metrics(self, mined: MiningCount) -> dict[str, Any]:
        """Of the rows that were written, once all are."""
        if self._trust is None:
            return mined.metrics()
        if self._client is None:
            return {**mined.metrics(), "judge": {"used": False, "why": self._trust.why}}
        judged = {"used": True, **self._count.judge_metrics(), "llm": self._client.ledger.answers()}
        return {**self._count.mining_metrics(mined), "judge": judged}
