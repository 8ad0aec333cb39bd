"""What the LLM steps of a submission share: prompts, numbered passages, counted fallbacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sunwi.llm.outcome import Outcome
from sunwi.resources import resource_folder

PROMPTS = resource_folder("sunwi.submit.llm.prompts")


def passage_block(texts: Sequence[str], chars: int) -> str:
    """Passages numbered from 1, each on one line and cut to `chars` characters."""
    return "\n".join(
        f"[{number}] {' '.join(text.split())[:chars]}" for number, text in enumerate(texts, start=1)
    )


def fallback_metrics(statuses: Sequence[str]) -> dict[str, float | int]:
    """How many were asked, how many fell back and why, and the share."""
    counts = Counter(status for status in statuses if status != "ok")
    failed = sum(counts.values())
    share = round(failed / len(statuses), 6) if statuses else 0.0
    reasons = {f"fallback_{status}": counts[status] for status in sorted(counts)}
    return {"asked": len(statuses), "fallbacks": failed, "fallback_share": share, **reasons}


def why(step: str, outcome: Outcome[Any]) -> str:
    """A fallback in words, for the lineage."""
    return f"{step}: {outcome.status}" + (f" ({outcome.detail})" if outcome.detail else "")
