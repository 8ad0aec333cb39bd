"""Calls of one run: rate, budget, retries, breaker; each answer is recorded the moment it arrives."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sunwi.errors import BudgetExceeded, LlmError
from sunwi.llm.answer import Answer
from sunwi.llm.breaker import Breaker
from sunwi.llm.budget import Budget, OverBudget, Reservation
from sunwi.llm.exchange import Exchange
from sunwi.llm.faults import Refused, Transient
from sunwi.llm.ledger import Ledger
from sunwi.llm.provider import Provider
from sunwi.llm.rate import RateLimit
from sunwi.llm.retry import backoff
from sunwi.llm.store import AnswerStore, RecordedAnswer
from sunwi.llm.tokens import most_tokens
from sunwi.params.llm import LlmParams

Sleep = Callable[[float], Awaitable[None]]
_KEPT = ": answered rows are not asked again"


class GaveUp(Exception):  # noqa: N818  what happened
    """A row used up its tries; the reason is the last fault's."""


class Stopped(Exception):  # noqa: N818  what happened
    """The run is ending: no further call is made."""


@dataclass(frozen=True, slots=True)
class StopReason:
    """Why a run stopped: the error to raise, what happened, the next step."""

    error: type[LlmError]
    what: str
    next_step: str


class Calls:
    """Asks for single answers until something stops the run; calls in flight then still end and are recorded.

    Attributes
    ----------
    stop
        Set when no further call may be made.
    reason
        Why, if a call's fault stopped it.
    """

    def __init__(
        self,
        provider: Provider,
        settings: LlmParams,
        store: AnswerStore,
        ledger: Ledger,
        rate: RateLimit,
        breaker: Breaker,
        sleep: Sleep,
        jitter: random.Random,
    ) -> None:
        self._provider = provider
        self._settings = settings
        self._store = store
        self._ledger = ledger
        self._budget = Budget(settings, ledger)
        self._rate = rate
        self._breaker = breaker
        self._sleep = sleep
        self._jitter = jitter
        self.stop = asyncio.Event()
        self.reason: StopReason | None = None

    async def ask(self, exchange: Exchange[Any]) -> tuple[RecordedAnswer, bool]:
        """The answer to an exchange's next call, and whether it is fresh.

        Raises
        ------
        GaveUp
            After `max_tries` transient faults.
        Stopped
            If the run ended before the call was made.
        """
        for failures in range(1, self._settings.max_tries + 1):
            await self._wait(self._rate.take())
            recorded = self._store.get_many([exchange.key]).get(exchange.key)
            if recorded is not None:  # another process asked meanwhile
                self._ledger.answered(exchange, recorded)
                return recorded, False
            try:
                recorded = await self._call(exchange)
            except Transient as fault:
                if failures == self._settings.max_tries:
                    raise self._give_up(exchange, fault) from None
                self._ledger.retried(exchange.request.task)
                await self._wait(backoff(failures, fault.retry_after, self._jitter))
            else:
                return recorded, True
        raise AssertionError("unreachable: the last try returns or raises")

    async def _call(self, exchange: Exchange[Any]) -> RecordedAnswer:
        request = exchange.request
        reservation = await self._reserve(exchange)
        try:
            if self.stop.is_set():
                raise Stopped
            answer = await self._timed(exchange)
            recorded = self._store.record(exchange.key, request.task, self._settings.model, answer)
            self._ledger.answered(exchange, recorded, paid=answer)
        finally:
            self._budget.release(reservation)
        self._rate.succeeded()
        self._breaker.succeeded()
        return recorded

    async def _timed(self, exchange: Exchange[Any]) -> Answer:
        """One call, limited as a whole: a server that sends a byte now and then cannot extend it."""
        sent = self._rate.now()
        try:
            async with asyncio.timeout(self._settings.timeout):
                return await self._provider.answer(exchange.messages, exchange.schema)
        except TimeoutError:
            raise Transient(f"no answer within {self._settings.timeout:g} s") from None
        except Transient as fault:
            if fault.rate_limited:
                self._rate.slowed_down(sent, backoff(1, fault.retry_after, self._jitter))
            raise
        except Refused as refusal:
            what = f"{_named(exchange)}: {refusal.reason}"
            raise self._end(LlmError, what, refusal.next_step) from None

    async def _reserve(self, exchange: Exchange[Any]) -> Reservation:
        try:
            return await self._budget.reserve(most_tokens(exchange.messages, exchange.schema))
        except OverBudget as over:
            what = f"stopped before {_named(exchange)}: {over}"
            raise self._end(BudgetExceeded, what, f"raise {over.param} and run again{_KEPT}") from None

    def _give_up(self, exchange: Exchange[Any], fault: Transient) -> GaveUp | Stopped:
        reason = f"{fault.reason} (after {self._settings.max_tries} tries)"
        down = self._breaker.failed()
        if fault.next_step and not self._breaker.answered:  # nothing yet says that the address is right
            return self._end(LlmError, f"{_named(exchange)}: {reason}", fault.next_step)
        if not down:
            return GaveUp(reason)
        rows = f"{self._settings.breaker_failures} consecutive rows got no answer"
        next_step = fault.next_step or f"wait until the server answers again and repeat the run{_KEPT}"
        return self._end(LlmError, f"{rows}; the last is {_named(exchange)}: {reason}", next_step)

    def _end(self, error: type[LlmError], what: str, next_step: str) -> Stopped:
        """Stop the run; the first reason is the one that is reported."""
        self.reason = self.reason or StopReason(error, what, next_step)
        self.stop.set()
        return Stopped()

    async def _wait(self, seconds: float) -> None:
        """Sleep, but not beyond the end of the run."""
        if seconds > 0 and not self.stop.is_set():
            sleeping = asyncio.ensure_future(self._sleep(seconds))
            stopping = asyncio.ensure_future(self.stop.wait())
            try:
                await asyncio.wait({sleeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                sleeping.cancel()
                stopping.cancel()
        if self.stop.is_set():
            raise Stopped


def _named(exchange: Exchange[Any]) -> str:
    return f"row {exchange.request.row!r} of task {exchange.request.task!r}"
