"""Progress of calls, with cost and rows from the cache; in a log nothing for short work."""

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


def test_a_log_has_lines_of_long_work_alone(bench: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    bench.client().complete(bench.requests(3), str)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("SUNWI_PROGRESS_SECONDS", "0")
    bench.client(price_in=1000.0, price_out=10000.0).complete(bench.requests(5), str)
    *_, last = capsys.readouterr().err.splitlines()
    assert last.startswith("llm: 5/5 row in ")
    assert last.endswith("cost=0.1200, cached=3")  # 2 x (10 x 1000 + 5 x 10000) / 1e6
