"""The ledger: what a run asked, got and paid, by task and model."""

from __future__ import annotations

from collections import Counter, defaultdict

from sunwi.llm.outcome import Status
from sunwi.llm.store import RecordedAnswer
from sunwi.params.llm import LlmParams

_STATUSES = ("ok", "blocked", "empty", "truncated", "malformed", "failed")
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

    def answered(self, task: str, answer: RecordedAnswer, expected: tuple[int, int], *, fresh: bool) -> None:
        """Count an answer, fresh or recorded before; `expected` stands in for usage that is not told."""
        row = self._rows[task]
        tokens_in = answer.tokens_in if answer.tokens_in is not None else expected[0]
        tokens_out = answer.tokens_out if answer.tokens_out is not None else expected[1]
        row["all_tokens_in"] += tokens_in
        row["all_tokens_out"] += tokens_out
        if fresh:
            row["calls"] += 1
            row["tokens_in"] += tokens_in
            row["tokens_out"] += tokens_out
            row["unmetered"] += answer.tokens_in is None or answer.tokens_out is None

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
            tokens = row[f"{prefix}tokens_in"], row[f"{prefix}tokens_out"]
            counts |= {"tokens_in": tokens[0], "tokens_out": tokens[1]}
            counts["cost"] = round(cost(*tokens, self._settings), 6)
            metrics[task] = {self._settings.model: counts}
        return metrics


def cost(tokens_in: float, tokens_out: float, settings: LlmParams) -> float:
    """Price of tokens in the currency of the settings' prices."""
    return (tokens_in * settings.price_in + tokens_out * settings.price_out) / 1_000_000
