"""The gate of a second stage: promoted only if it solves failures and loses none of what was solved."""

from __future__ import annotations

from dataclasses import dataclass

from sunwi.params.train_reranker_targeted import TrainRerankerTargetedParams
from sunwi.train.reranker.movement import Movement


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """Whether stage 2 is promoted, and why."""

    promoted: bool
    reason: str


def decide(moved: Movement, settings: TrainRerankerTargetedParams) -> GateVerdict:
    """Judge a second stage by questions whose documents it never saw.

    A failed question can only rise and a solved one only fall, so noise in the scores moves questions both
    ways: beside each condition Hit@1 over all questions must rise.
    """
    if not moved.failed_solved:
        return GateVerdict(False, "no held-out failure is solved")
    if moved.lost_share > settings.tolerance:
        lost = (
            f"{moved.solved_failed} of {moved.solved_solved + moved.solved_failed} solved questions are lost"
        )
        return GateVerdict(False, f"{lost}, above the tolerance of {settings.tolerance:g}")
    if moved.hit1_change <= 0:
        return GateVerdict(False, "as many questions are lost as are solved")
    if moved.p_value is not None and moved.p_value < settings.alpha:
        return GateVerdict(True, f"Hit@1 rises, p {moved.p_value:.4f}")
    return GateVerdict(True, f"Hit@1 rises within the tolerance; not significant at {settings.alpha:g}")
