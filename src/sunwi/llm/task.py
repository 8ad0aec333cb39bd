"""One kind of question to a language model: its prompt, the schema of its answers and their parser."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from sunwi.errors import LlmError
from sunwi.llm.outcome import Outcome
from sunwi.llm.prompting import fill
from sunwi.llm.request import LlmRequest, Message

T = TypeVar("T")


class Completer(Protocol):
    """What is needed of `sunwi.llm.client.LlmClient`."""

    @property
    def model(self) -> str:
        """The model's name."""
        ...

    def complete(self, requests: Sequence[LlmRequest], parse: Callable[[str], T]) -> list[Outcome[T]]:
        """One outcome a request, in the same order."""
        ...


@dataclass(frozen=True, slots=True)
class LlmTask(Generic[T]):
    """One kind of question; requests are filled prompts, outcomes come in the order of the rows.

    Attributes
    ----------
    name
        Groups the ledger and the exports of the cache.
    prompt
        Text with `$names` (`sunwi.llm.prompting.read_prompt`).
    parse
        Makes a value of an answer's text, or raises `Malformed`.
    schema
        JSON schema of the answer.
    """

    name: str
    prompt: str
    parse: Callable[[str], T]
    schema: Mapping[str, Any] | None = None

    def request(self, row: str, values: Mapping[str, str]) -> LlmRequest:
        """The request for one row: the prompt with `values` filled in."""
        return LlmRequest(self.name, row, (Message("user", fill(self.prompt, values)),), self.schema)

    def ask(self, client: Completer, rows: Iterable[tuple[str, Mapping[str, str]]]) -> list[Outcome[T]]:
        """One outcome for each id and values of the prompt."""
        return client.complete([self.request(row, values) for row, values in rows], self.parse)


def all_answered(outcomes: list[Outcome[T]]) -> list[Outcome[T]]:
    """`outcomes`, if no row failed: an answer that a second run could still get must not become a result.

    Raises
    ------
    LlmError
        With the task and the first ids of the rows that got no answer in all tries.
    """
    if failed := [outcome for outcome in outcomes if outcome.status == "failed"]:
        rows = ", ".join(outcome.request.row for outcome in failed[:10])
        task, reason = failed[0].request.task, failed[0].detail
        raise LlmError(
            f"{len(failed)} of {len(outcomes)} requests of task {task!r} got no answer ({reason}): {rows}",
            "run `dvc repro` again: all answers so far are recorded, only these rows are asked",
        )
    return outcomes
