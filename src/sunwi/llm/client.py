"""The client of language models: recorded answers first, calls for the rest, outcomes in order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from sunwi.errors import ReplayMissing
from sunwi.llm.batch import Batch
from sunwi.llm.breaker import Breaker
from sunwi.llm.calls import Calls, Sleep
from sunwi.llm.credentials import Redactor, api_key, has_key, key_variable
from sunwi.llm.estimate import Estimate, estimate
from sunwi.llm.exchange import Exchange
from sunwi.llm.ledger import Ledger
from sunwi.llm.outcome import Outcome
from sunwi.llm.pool import ask_all
from sunwi.llm.provider import PROVIDERS, connect
from sunwi.llm.rate import RateLimit
from sunwi.llm.request import LlmRequest
from sunwi.llm.store import AnswerStore
from sunwi.params.llm import LlmParams
from sunwi.progress import Progress

T = TypeVar("T")
_IMPORT = "`sunwi cache import FILE` with the recorded answers"


class LlmClient:
    """Answers requests from the record, and from the provider where there is none.

    Parameters
    ----------
    settings
        Section `llm` of params.yaml.
    cache_folder
        Folder of the recorded answers; None: the project's cache folder.
    progress_label
        What the shown progress is called.
    sleep, jitter
        Of waits between tries, for tests; neither shapes an output.

    Attributes
    ----------
    ledger
        Counts over all `complete` calls of this client; its budget is counted over them, too.
    """

    def __init__(
        self,
        settings: LlmParams,
        cache_folder: Path | None = None,
        progress_label: str = "llm",
        *,
        sleep: Sleep = asyncio.sleep,
        jitter: random.Random | None = None,
    ) -> None:
        self.settings = settings
        self.ledger = Ledger(settings)
        self._folder = cache_folder
        self._label = progress_label
        self._sleep = sleep
        self._jitter = jitter or random.Random()
        self._rate = RateLimit(settings.requests_per_minute)
        self._breaker = Breaker(settings.breaker_failures)

    @property
    def model(self) -> str:
        """The model's name, as records should state it."""
        return self.settings.model

    def estimate(self, requests: Sequence[LlmRequest]) -> Estimate:
        """Calls, tokens and cost to expect of `complete`; asks nothing, needs no key."""
        with AnswerStore(self._folder) as store:
            return estimate(requests, self.settings, store)

    def complete(self, requests: Sequence[LlmRequest], parse: Callable[[str], T]) -> list[Outcome[T]]:
        """One outcome a request, in the same order.

        Answers are recorded as they arrive, so whatever stops the run (an error, Ctrl-C, kill -9) loses
        none; the next run asks for the rest. Equal requests are one call.

        Parameters
        ----------
        parse
            Makes a value of an answer's text; raises `Malformed` to ask for the one repair.

        Raises
        ------
        ReplayMissing
            If rows have no recorded answer and no call can be made (provider replay or none, no key);
            then no call was made.
        BudgetExceeded
            Before the call that could pass the budget.
        LlmError
            If the server refuses the key, the model or an argument, or row after row fails.
        """
        if not _in_event_loop():
            return self._complete(requests, parse)
        with ThreadPoolExecutor(1) as thread:  # a notebook's loop is busy with this very call
            return thread.submit(self._complete, requests, parse).result()

    def _complete(self, requests: Sequence[LlmRequest], parse: Callable[[str], T]) -> list[Outcome[T]]:
        batch = Batch(requests, self.settings, parse, self.ledger)
        with AnswerStore(self._folder) as store:
            batch.read_recorded(store)
            if missing := batch.missing():
                self._check_callable(batch.rows_of(missing))
                asyncio.run(self._ask(batch, store))
        return batch.outcomes()

    async def _ask(self, batch: Batch[T], store: AnswerStore) -> None:
        settings = self.settings
        key = api_key(settings)
        provider = connect(settings, key, Redactor(key))
        calls = Calls(
            provider, settings, store, self.ledger, self._rate, self._breaker, self._sleep, self._jitter
        )
        cached = batch.answered()
        with Progress(self._label, len(batch), "row", cached) as shown:

            def ended(exchange: Exchange[T], outcome: Outcome[T]) -> None:
                rows = batch.end(exchange, outcome)
                shown.advance(rows, cost=f"{self.ledger.spent:.4f}", cached=cached)

            try:
                await ask_all(batch.missing(), calls, settings.concurrency, ended)
            finally:
                await provider.close()
        if (reason := calls.reason) is not None:
            progress = f"{batch.answered():,} of {len(batch):,} rows are answered and kept"
            raise reason.error(f"{reason.what}. {progress}", reason.next_step)

    def _check_callable(self, rows: Sequence[str]) -> None:
        provider = self.settings.provider
        if provider in PROVIDERS.names and has_key(self.settings):
            return
        if provider in PROVIDERS.names:
            name = key_variable(self.settings)
            raise ReplayMissing(rows, f"{name} is not set", f"export {name}=..., or {_IMPORT}")
        if provider == "replay":
            next_step = f"{_IMPORT}, or set llm.provider and its key"
            raise ReplayMissing(rows, "llm.provider is replay, which calls no server", next_step)
        raise ReplayMissing(rows, "llm.provider is none", f"set llm.provider in params.yaml, or {_IMPORT}")


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
