"""The ledger: what a run asked, got and paid, by task and model."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from sunwi.llm.answer import Answer
from sunwi.llm.exchange import Exchange
from sunwi.llm.outcome import Status
from sunwi.llm.store import RecordedAnswer
from sunwi.llm.tokens import expected_tokens
from sunwi.params.llm import LlmParams

_STATUSES = ("ok", "blocked", "empty", "truncated", "malformed", "failed")
_TOKENS = ("tokens_in", "tokens_out")
_RUN = ("calls", "cached", "retried", "unmetered")
Metrics = dict[str, dict[str, dict[str, float | int]]]


class Ledger:
    """Counts of one client over all its calls; costs follow from the tokens and the settings' prices."""

    def __init__(self, settings: LlmParams) -> None:
        self._settings = settings
        self._rows: defaultdict[str, Counter[str]] = defaultdict(Counter)

    @property
    def spent_tokens(self) -> tuple[int, int]:
        """Tokens in and out that this client paid."""
        counts = self._rows.values()
        return sum(c["tokens_in"] for c in counts), sum(c["tokens_out"] for c in counts)

    @property
    def spent(self) -> float:
        """What this client paid, in the prices' currency."""
        return cost(*self.spent_tokens, self._settings)

    def retried(self, task: str) -> None:
        """Count a try after the first."""
        self._rows[task]["retried"] += 1

    def answered(self, exchange: Exchange[Any], recorded: RecordedAnswer, paid: Answer | None = None) -> None:
        """Count the answer to an exchange's next call, and what this client paid for it.

        The record's usage is what every process counts, whichever bought it. `paid` is the answer that this
        client bought; it is another one than `recorded` where two processes asked at the same moment.
        """
        row = self._rows[exchange.request.task]
        for name, count in zip(_TOKENS, self._usage(exchange, recorded), strict=True):
            row[f"all_{name}"] += count
        if paid is not None:
            row["calls"] += 1
            for name, count in zip(_TOKENS, self._usage(exchange, paid), strict=True):
                row[name] += count
            row["unmetered"] += paid.tokens_in is None or paid.tokens_out is None

    def _usage(self, exchange: Exchange[Any], answer: Answer | RecordedAnswer) -> tuple[int, int]:
        """Tokens in and out; expected ones where the provider reported none."""
        expected = expected_tokens(exchange.messages, exchange.schema)
        return (
            answer.tokens_in if answer.tokens_in is not None else expected,
            answer.tokens_out if answer.tokens_out is not None else self._settings.max_tokens,
        )

    def ended(self, task: str, status: Status, *, repaired: bool, cached: bool) -> None:
        """Count the end of one row."""
        row = self._rows[task]
        row["rows"] += 1
        row[status] += 1
        row["repaired"] += repaired
        row["cached"] += cached

    def metrics(self) -> Metrics:
        """Task -> model -> counts of this run: rows by status, calls, tokens and cost that it paid.

        `cached`: rows that took no call. `retried`: tries after the first. `unmetered`: answers without
        usage, whose tokens are estimated.
        """
        return self._by_task((*_RUN, "rows", *_STATUSES, "repaired"), "")

    def answers(self) -> Metrics:
        """As `metrics`, of all rows no matter when they were paid: a re-run gives the same numbers."""
        return self._by_task(("rows", *_STATUSES, "repaired"), "all_")

    def _by_task(self, names: tuple[str, ...], prefix: str) -> Metrics:
        metrics: Metrics = {}
        for task, row in sorted(self._rows.items()):
            counts: dict[str, float | int] = {name: row[name] for name in names}
            tokens_in, tokens_out = (row[prefix + name] for name in _TOKENS)
            spent = round(cost(tokens_in, tokens_out, self._settings), 6)
            counts |= {"tokens_in": tokens_in, "tokens_out": tokens_out, "cost": spent}
            metrics[task] = {self._settings.model: counts}
        return metrics


def cost(tokens_in: float, tokens_out: float, settings: LlmParams) -> float:
    """Price of tokens in the currency of the settings' prices."""
    return (tokens_in * settings.price_in + tokens_out * settings.price_out) / 1_000_000
