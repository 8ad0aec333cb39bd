"""Which questions moved between two rankings, from solved to failed and back, with the paired test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sunwi.score.significance import bca_intervals, paired_randomisation


@dataclass(frozen=True, slots=True)
class Movement:
    """Questions by solved or failed before and after, and the paired test of the change in Hit@1."""

    solved_solved: int
    solved_failed: int
    failed_solved: int
    failed_failed: int
    hit1_change: float
    interval: tuple[float, float] | None
    p_value: float | None

    @property
    def lost_share(self) -> float:
        """Share of the solved questions that were lost; 0 where none was solved."""
        before = self.solved_solved + self.solved_failed
        return self.solved_failed / before if before else 0.0

    def as_metrics(self) -> dict[str, Any]:
        """The counts and the test, flat."""
        return {
            "solved_to_solved": self.solved_solved,
            "solved_to_failed": self.solved_failed,
            "failed_to_solved": self.failed_solved,
            "failed_to_failed": self.failed_failed,
            "hit1_change": round(self.hit1_change, 6),
            "hit1_change_interval": None
            if self.interval is None
            else [round(bound, 6) for bound in self.interval],
            "hit1_change_p": None if self.p_value is None else round(self.p_value, 6),
        }


def movement(
    before: npt.NDArray[np.bool_],
    after: npt.NDArray[np.bool_],
    seed: int,
    confidence: float = 0.95,
    draws: int = 10_000,
) -> Movement:
    """What moved between two rankings of the same questions; without questions there is no test."""
    change = after.astype(np.float64) - before.astype(np.float64)
    interval: tuple[float, float] | None = None
    p_value: float | None = None
    if len(change):
        low, high = bca_intervals(change[:, None], confidence, draws, seed)[0]
        interval, p_value = (float(low), float(high)), paired_randomisation(change, draws, seed)
    return Movement(
        int((before & after).sum()),
        int((before & ~after).sum()),
        int((~before & after).sum()),
        int((~before & ~after).sum()),
        float(change.mean()) if len(change) else 0.0,
        interval,
        p_value,
    )
