"""Exchanges asked by a pool of workers: at most `concurrency` are in flight at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from sunwi.llm.calls import Calls, GaveUp, Stopped
from sunwi.llm.exchange import Exchange
from sunwi.llm.outcome import Outcome

T = TypeVar("T")


async def ask_all(
    exchanges: Sequence[Exchange[T]],
    calls: Calls,
    concurrency: int,
    ended: Callable[[Exchange[T], Outcome[T]], None],
) -> None:
    """Ask in order and report each end; returns early when `calls` stops.

    A parser's fault other than `Malformed` is raised after the calls in flight are answered and recorded:
    they are paid. A cancellation (Ctrl-C) waits for nothing.
    """
    waiting = iter(exchanges)

    async def work() -> None:
        for exchange in waiting:
            try:
                outcome = await _settle(exchange, calls)
            except Stopped:
                return
            ended(exchange, outcome)

    workers = [asyncio.create_task(work()) for _ in range(min(concurrency, len(exchanges)))]
    try:
        await asyncio.gather(*workers)
    except Exception:
        calls.stop.set()
        await asyncio.gather(*workers, return_exceptions=True)
        raise


async def _settle(exchange: Exchange[T], calls: Calls) -> Outcome[T]:
    while True:
        try:
            answer, fresh = await calls.ask(exchange)
        except GaveUp as fault:
            return exchange.fail(str(fault))
        outcome = exchange.take(answer, fresh=fresh)
        if outcome is not None:
            return outcome
