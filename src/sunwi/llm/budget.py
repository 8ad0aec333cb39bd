"""The budget: a call that could pass it is not made."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sunwi.llm.ledger import Ledger, cost
from sunwi.params.llm import LlmParams


@dataclass(frozen=True, slots=True)
class Reservation:
    """Tokens that a call in flight can cost at most."""

    tokens_in: int
    tokens_out: int


class OverBudget(Exception):  # noqa: N818  what would happen
    """The call does not fit, though no other is in flight."""

    def __init__(self, param: str, limit: float, spent: float, needed: float) -> None:
        super().__init__(
            f"{param} is {limit:g}, {spent:.6g} is spent and the next call may take {needed:.6g}"
        )
        self.param = param


class Budget:
    """Reserves the most that a call can cost before it is made.

    A reservation that does not fit waits while others are in flight: they usually cost less than reserved.
    """

    def __init__(self, settings: LlmParams, ledger: Ledger) -> None:
        self._settings = settings
        self._ledger = ledger
        self._held: list[Reservation] = []
        self._released = asyncio.Event()

    async def reserve(self, tokens_in: int) -> Reservation:
        """Hold the most that a call with so many tokens in can cost.

        Raises
        ------
        OverBudget
            If it would pass the budget with all earlier calls settled.
        """
        wanted = Reservation(tokens_in, self._settings.max_tokens)
        while (fault := self._fault(wanted)) is not None:
            if not self._held:
                raise fault
            await self._released.wait()
        self._held.append(wanted)
        return wanted

    def release(self, reservation: Reservation) -> None:
        """Free what a call reserved, after the ledger has its real cost."""
        self._held.remove(reservation)
        self._released.set()
        self._released = asyncio.Event()

    def _fault(self, wanted: Reservation) -> OverBudget | None:
        settings = self._settings
        spent_in, spent_out = self._ledger.spent_tokens
        held_in = sum(reservation.tokens_in for reservation in self._held)
        held_out = sum(reservation.tokens_out for reservation in self._held)
        if settings.budget is not None:
            needed = cost(wanted.tokens_in, wanted.tokens_out, settings)
            if cost(spent_in + held_in, spent_out + held_out, settings) + needed > settings.budget:
                spent = cost(spent_in, spent_out, settings)
                return OverBudget("llm.budget", settings.budget, spent, needed)
        if settings.budget_tokens is not None:
            tokens = wanted.tokens_in + wanted.tokens_out
            if spent_in + held_in + spent_out + held_out + tokens > settings.budget_tokens:
                return OverBudget("llm.budget_tokens", settings.budget_tokens, spent_in + spent_out, tokens)
        return None
