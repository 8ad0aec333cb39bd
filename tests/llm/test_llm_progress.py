"""The bar: on a terminal with cost and rows from the cache, elsewhere nothing."""

from __future__ import annotations

import sys
from typing import Any

import pytest


def test_a_terminal_sees_rows_cost_and_cache(
    bench: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    prices = {"price_in": 1000.0, "price_out": 10000.0}
    bench.client(**prices).complete(bench.requests(2), str)
    capsys.readouterr()
    bench.client(**prices).complete(bench.requests(5), str)
    shown = capsys.readouterr().err
    assert "llm" in shown
    assert "5/5" in shown
    assert "cached=2" in shown
    assert "cost=0.1800" in shown  # 3 x (10 x 1000 + 5 x 10000) / 1e6
    bench.client(**prices).complete(bench.requests(5), str)
    assert capsys.readouterr().err == ""  # nothing was asked


def test_a_log_sees_nothing(bench: Any, capsys: Any) -> None:
    bench.client().complete(bench.requests(3), str)
    assert capsys.readouterr() == ("", "")
