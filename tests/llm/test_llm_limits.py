"""Budget, estimate, ledger, rate, waits."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunwi.errors import BudgetExceeded, ParamsError
from sunwi.llm.rate import RateLimit
from sunwi.llm.request import Message
from sunwi.llm.retry import backoff, read_retry_after
from sunwi.llm.tokens import expected_tokens, most_tokens
from sunwi.params.llm import LlmParams
from sunwi.params.reading import validate

# "질문" and "글 0": 6 + 5 bytes, and 3 x 16 for the template
MOST_IN = 6 + 5 + 48


def test_the_budget_stops_before_the_call_that_could_pass_it(bench: Any, server: Any) -> None:
    """A call can take 59 x 1 + 100 x 10 = 1,059 millionths; each really takes 10 + 50 = 60."""
    prices = {"price_in": 1.0, "price_out": 10.0}
    limit = (1059 + 2 * 60 + 1) / 1e6  # after two calls a third just fits; after three, no fourth
    client = bench.client(budget=limit, concurrency=1, **prices)
    with pytest.raises(BudgetExceeded) as stopped:
        client.complete(bench.requests(9), str)
    assert server.calls == 3
    message = str(stopped.value)
    assert "stopped before row 'd003' of task 'questions': llm.budget is 0.00118" in message
    assert "0.00018 is spent and the next call may take 0.001059" in message
    assert "3 of 9 rows are answered and kept" in message
    assert "raise llm.budget" in message
    assert client.ledger.spent == pytest.approx(180e-6)
    bench.client(budget=1.0, **prices).complete(bench.requests(9), str)
    assert server.calls == 9


def test_calls_at_once_never_hold_more_than_the_budget(bench: Any, server: Any) -> None:
    """Room for two reservations of 159 tokens: two at once, yet all rows fit as each takes 15."""
    client = bench.client(budget_tokens=2 * 159 + 8 * 15, concurrency=8)
    outcomes = client.complete(bench.requests(10), str)
    assert {outcome.status for outcome in outcomes} == {"ok"}
    assert server.most_at_once <= 2
    assert client.ledger.spent_tokens == (100, 50)


def test_the_token_budget_counts_over_the_clients_calls(bench: Any, server: Any) -> None:
    client = bench.client(budget_tokens=159 + 15)
    client.complete(bench.requests(2), str)
    with pytest.raises(BudgetExceeded, match=r"raise llm\.budget_tokens"):
        client.complete(bench.requests(3), str)
    assert server.calls == 2


def test_a_budget_without_prices_is_refused() -> None:
    with pytest.raises(ParamsError, match=r"llm\.price_in"):
        validate(LlmParams, {"budget": 5}, "params.yaml")


def test_the_estimate_learns_from_recorded_answers(bench: Any, server: Any) -> None:
    prices = {"price_in": 1.0, "price_out": 10.0}
    client = bench.client(**prices)
    requests = bench.requests(10)
    before = client.estimate([*requests, requests[0]])
    assert (before.rows, before.cached, before.calls, before.basis) == (11, 1, 10, 0)
    assert before.tokens_out == 10 * 100
    assert before.cost_at_most == pytest.approx(10 * (MOST_IN + 1000) / 1e6)
    assert server.calls == 0
    client.complete(requests[:4], str)
    after = client.estimate(requests)
    assert (after.cached, after.calls, after.basis) == (4, 6, 4)
    assert (after.tokens_in, after.tokens_out) == (6 * 10, 6 * 5)
    assert after.cost == pytest.approx(6 * 60e-6)
    client.complete(requests, str)
    assert client.ledger.spent == pytest.approx(10 * 60e-6)
    assert client.estimate(requests).cost == 0
    assert str(after).startswith("10 rows: 4 cached, 6 calls; 60 tokens in, 30 out (from 4 recorded answers)")


def test_the_ledger_tells_this_run_from_all_answers(bench: Any, server: Any) -> None:
    server.script = [server.chat("", "content_filter"), server.chat("반", "length"), server.chat(None)]
    prices = {"price_in": 1.0, "price_out": 10.0}
    first = bench.client(concurrency=1, **prices)
    first.complete(bench.requests(5), str)
    second = bench.client(**prices)
    second.complete(bench.requests(5), str)
    counts = first.ledger.metrics()["questions"]["solar-pro2"]
    expected = {
        "rows": 5, "calls": 5, "cached": 0, "retried": 0, "unmetered": 0, "ok": 2, "blocked": 1,
        "truncated": 1, "empty": 1, "malformed": 0, "failed": 0, "repaired": 0,
        "tokens_in": 50, "tokens_out": 25, "cost": 300e-6,
    }  # fmt: skip
    assert counts == expected
    again = second.ledger.metrics()["questions"]["solar-pro2"]
    assert again == expected | {"calls": 0, "cached": 5, "tokens_in": 0, "tokens_out": 0, "cost": 0}
    assert first.ledger.answers() == second.ledger.answers()


def test_answers_without_usage_are_counted_at_the_most(bench: Any, server: Any) -> None:
    server.default = lambda _: server.chat("좋다", tokens=None)
    client = bench.client()
    client.complete(bench.requests(2), str)
    counts = client.ledger.metrics()["questions"]["solar-pro2"]
    assert (counts["unmetered"], counts["tokens_out"]) == (2, 200)


def test_the_minutes_limit_spaces_the_calls(bench: Any) -> None:
    bench.client(requests_per_minute=60, concurrency=1).complete(bench.requests(4), str)
    assert len(bench.waits) == 3
    assert sum(bench.waits) == pytest.approx(1 + 2 + 3, abs=0.9)  # no wait was real: the slots stay ahead


def test_a_429_slows_all_calls_and_successes_undo_it() -> None:
    now = [100.0]
    rate = RateLimit(None, clock=lambda: now[0])
    assert [rate.take() for _ in range(3)] == [0, 0, 0]
    rate.slowed_down(sent=100.0, seconds=5)
    assert rate.take() == pytest.approx(5)
    assert rate.take() == pytest.approx(5.05)
    now[0] = 101.0
    rate.slowed_down(sent=99.0, seconds=1)  # of the same burst: no slower than that
    assert rate.interval == pytest.approx(0.05)
    rate.slowed_down(sent=100.5, seconds=1)
    assert rate.interval == pytest.approx(0.1)
    for _ in range(200):
        rate.succeeded()
    assert rate.interval == 0


def test_a_set_rate_is_never_exceeded_by_recovery() -> None:
    rate = RateLimit(120, clock=lambda: 0.0)
    for _ in range(50):
        rate.succeeded()
    assert rate.interval == 0.5


@given(st.integers(1, 12), st.integers(0, 2**32))
def test_backoff_is_full_jitter_below_a_doubling_cap(failures: int, seed: int) -> None:
    assert 0 <= backoff(failures, None, random.Random(seed)) <= min(60, 2 ** (failures - 1))


@given(st.floats(0, 1e6), st.integers(0, 2**32))
def test_a_servers_wish_is_kept_up_to_its_cap(asked: float, seed: int) -> None:
    wait = backoff(1, asked, random.Random(seed))
    assert min(asked, 120) <= wait <= min(asked, 120) + 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "12"}, 12), ({"retry-after": "0.5"}, 0.5), ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:30 GMT"}, 30),
        ({"retry-after": "Sat, 21 Nov 2026 09:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, None), ({"retry-after": "-3"}, None), ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None), ({}, None),
    ],
)  # fmt: skip
def test_retry_after_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert read_retry_after(headers, datetime(2026, 11, 21, 10, 0, 0, tzinfo=UTC)) == seconds


@given(st.lists(st.text(max_size=200), max_size=4))
def test_what_is_expected_is_never_above_the_most(texts: list[str]) -> None:
    messages = [Message("user", text) for text in texts]
    assert 0 <= expected_tokens(messages) <= most_tokens(messages)
