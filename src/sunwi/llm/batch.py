"""The requests of one `complete` call: equal ones together, outcomes put back in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

from sunwi.llm.exchange import Exchange
from sunwi.llm.ledger import Ledger
from sunwi.llm.outcome import Outcome
from sunwi.llm.request import LlmRequest
from sunwi.llm.store import AnswerStore
from sunwi.params.llm import LlmParams

T = TypeVar("T")


class Batch(Generic[T]):
    """One exchange for each distinct chat, and the outcomes so far."""

    def __init__(
        self, requests: Sequence[LlmRequest], settings: LlmParams, parse: Callable[[str], T], ledger: Ledger
    ) -> None:
        self._requests = requests
        self._ledger = ledger
        self._places: dict[Exchange[T], list[int]] = {}
        self._outcomes: list[Outcome[T] | None] = [None] * len(requests)
        first: dict[str, Exchange[T]] = {}
        for place, request in enumerate(requests):
            exchange = Exchange(request, settings, parse)
            exchange = first.setdefault(exchange.key, exchange)
            self._places.setdefault(exchange, []).append(place)
        self._open = dict.fromkeys(self._places)

    def read_recorded(self, store: AnswerStore) -> None:
        """End all exchanges whose answers, and repairs where the parser wants one, are recorded."""
        waiting = list(self._open)
        while waiting:
            answers = store.get_many([exchange.key for exchange in waiting])
            repairs = []
            for exchange in waiting:
                answer = answers.get(exchange.key)
                if answer is None:
                    continue
                self._ledger.answered(exchange, answer)
                outcome = exchange.take(answer, fresh=False)
                if outcome is None:
                    repairs.append(exchange)
                else:
                    self.end(exchange, outcome)
            waiting = repairs

    def missing(self) -> list[Exchange[T]]:
        """Exchanges that have not ended, in the order of their requests."""
        return list(self._open)

    def end(self, exchange: Exchange[T], outcome: Outcome[T]) -> int:
        """Note the outcome of an exchange for all its requests; return how many."""
        places = self._places[exchange]
        for place in places:
            shared = place != places[0]  # the call, if there was one, was the first request's
            cached = outcome.cached or (shared and outcome.status != "failed")
            own = replace(outcome, request=self._requests[place], cached=cached)
            self._outcomes[place] = own
            self._ledger.ended(own.request.task, own.status, repaired=own.repaired, cached=cached)
        del self._open[exchange]
        return len(places)

    def answered(self) -> int:
        """How many requests have an answer."""
        return sum(outcome is not None and outcome.status != "failed" for outcome in self._outcomes)

    def rows_of(self, exchanges: Sequence[Exchange[T]]) -> list[str]:
        """Ids of the rows that exchanges answer."""
        return [self._requests[place].row for exchange in exchanges for place in self._places[exchange]]

    def outcomes(self) -> list[Outcome[T]]:
        """All outcomes, in the order of the requests."""
        return [outcome for outcome in self._outcomes if outcome is not None]

    def __len__(self) -> int:
        return len(self._requests)
