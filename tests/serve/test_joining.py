"""Jobs that wait are answered in one call; an error reaches every one of them; too many are refused."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from sunwi.serve.joining import WAITING, BusyError, Joiner


def test_what_waits_is_joined_by_its_key() -> None:
    joiner, gate, calls = Joiner(), threading.Event(), []

    def work(items: Sequence[int]) -> list[int]:
        calls.append(list(items))
        return [item * 10 for item in items]

    first = joiner.submit("gate", lambda items: [gate.wait(30) for _ in items], None)
    others = [joiner.submit(key, work, item) for key, item in (("a", 1), ("b", 2), ("a", 3))]
    gate.set()
    assert first.result(30)
    assert [one.result(30) for one in others] == [10, 20, 30]
    assert calls == [[1, 3], [2]]
    joiner.close()


def test_an_error_is_raised_by_each_and_ends_nothing() -> None:
    joiner = Joiner()

    def broken(_: Sequence[int]) -> list[int]:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        joiner.submit("a", broken, 1).result(30)
    assert joiner.submit("a", list, 1).result(30) == 1
    joiner.close()


def test_too_many_are_refused() -> None:
    joiner, gate, started = Joiner(), threading.Event(), threading.Event()

    def held(items: Sequence[int]) -> list[bool]:
        started.set()
        return [gate.wait(30) for _ in items]

    joiner.submit("gate", held, 0)
    assert started.wait(30)
    for item in range(WAITING):
        joiner.submit("a", list, item)
    with pytest.raises(BusyError, match="wait already"):
        joiner.submit("a", list, 1)
    gate.set()
    joiner.close()
