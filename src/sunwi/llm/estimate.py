"""What a run will ask and cost, before it asks anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sunwi.llm.key import request_key, sent_schema
from sunwi.llm.ledger import cost
from sunwi.llm.request import LlmRequest
from sunwi.llm.store import AnswerStore, RecordedAnswer
from sunwi.llm.tokens import expected_tokens, most_tokens
from sunwi.params.llm import LlmParams


@dataclass(frozen=True, slots=True)
class Estimate:
    """Expected calls, tokens and cost of the calls that are still to be made; repairs come on top.

    Attributes
    ----------
    rows
        All requests.
    cached
        Requests that take no call: recorded, or the same chat as another one.
    calls
        Fresh calls.
    tokens_in, tokens_out, cost
        Expected of the fresh calls, by the mean of `basis` recorded answers to the other requests;
        with `basis` 0 by a rule of thumb for tokens in, and by max_tokens for tokens out.
    cost_at_most
        What the fresh calls cannot exceed.
    """

    rows: int
    cached: int
    calls: int
    tokens_in: int
    tokens_out: int
    cost: float
    cost_at_most: float
    basis: int

    def __str__(self) -> str:
        known = f"from {self.basis:,} recorded answers" if self.basis else "answers counted at llm.max_tokens"
        tokens = f"{self.tokens_in:,} tokens in, {self.tokens_out:,} out"
        price = f"cost {self.cost:.4f}, at most {self.cost_at_most:.4f}"
        return (
            f"{self.rows:,} rows: {self.cached:,} cached, {self.calls:,} calls; {tokens} ({known}); {price}"
        )


def estimate(requests: Sequence[LlmRequest], settings: LlmParams, store: AnswerStore) -> Estimate:
    """Expected calls, tokens and cost of `requests` with these settings and recorded answers."""
    chats = {request_key(request, settings): request for request in requests}
    recorded = store.get_many(list(chats))
    fresh = [request for key, request in chats.items() if key not in recorded]
    metered = [
        (chats[key], answer) for key, answer in recorded.items() if answer.tokens_in and answer.tokens_out
    ]
    expected_in = sum(_expected(fresh, settings))
    most_in = sum(most_tokens(request.messages, sent_schema(request, settings)) for request in fresh)
    most_out = len(fresh) * settings.max_tokens
    tokens_in, tokens_out = expected_in, most_out
    if metered:
        answers = [answer for _, answer in metered]
        thumb = sum(_expected((request for request, _ in metered), settings))
        tokens_in = round(expected_in * sum(_known(answer.tokens_in) for answer in answers) / max(1, thumb))
        tokens_out = round(len(fresh) * _mean_out(answers))
    return Estimate(
        rows=len(requests),
        cached=len(requests) - len(fresh),
        calls=len(fresh),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        cost=cost(tokens_in, tokens_out, settings),
        cost_at_most=cost(most_in, most_out, settings),
        basis=len(metered),
    )


def _expected(requests: Iterable[LlmRequest], settings: LlmParams) -> Iterable[int]:
    return (expected_tokens(request.messages, sent_schema(request, settings)) for request in requests)


def _mean_out(answers: Sequence[RecordedAnswer]) -> float:
    return sum(_known(answer.tokens_out) for answer in answers) / len(answers)


def _known(tokens: int | None) -> int:
    assert tokens is not None
    return tokens
