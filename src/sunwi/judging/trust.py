"""Whether the language model may judge; apart, so that what asks it does not depend on how it is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trust:
    """What the stage judge found; `why` has no number, so that one more judgement runs no stage again."""

    used: bool
    why: str
