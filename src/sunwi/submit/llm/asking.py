"""How this package asks an LLM: requests from prompt files, outcomes with their fallbacks counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from sunwi.llm.outcome import Outcome
from sunwi.llm.prompting import fill, read_prompt
from sunwi.llm.request import LlmRequest, Message
from sunwi.resources import resource_folder

T = TypeVar("T")
PROMPTS = resource_folder("sunwi.submit.llm.prompts")


class Asks(Protocol):
    """What is needed of `sunwi.llm.client.LlmClient`."""

    def complete(self, requests: Sequence[LlmRequest], parse: Callable[[str], T]) -> list[Outcome[T]]:
        """One outcome a request, in the same order."""
        ...


def request(task: str, row: str, values: Mapping[str, str], schema: Mapping[str, Any]) -> LlmRequest:
    """The request of a task: prompts/TASK.txt of this package with the values filled in."""
    text = fill(read_prompt(PROMPTS, task), values)
    return LlmRequest(task, row, (Message("user", text),), schema)


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
