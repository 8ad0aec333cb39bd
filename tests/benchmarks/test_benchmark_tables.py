"""The benchmarks' own arithmetic: ratios turn by turn, sizes by hand, pages from numbers."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from benchmarks.bench import page
from benchmarks.scale.sizing import SIZES, costs, need
from benchmarks.shared.turns import Side, take_turns

ROOT = Path(__file__).resolve().parents[2]


def test_every_benchmark_finds_what_it_imports() -> None:
    files = sorted(path.relative_to(ROOT) for path in (ROOT / "benchmarks").rglob("*.py"))
    modules = [".".join(path.with_suffix("").parts) for path in files]
    assert len(modules) > 25
    environment = os.environ | {"PYTHONPATH": "src"}
    program = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        [*command, *modules], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_sides_take_turns_and_the_first_turn_does_not_count() -> None:
    ran: list[str] = []

    def side(name: str, seconds: list[float]) -> Side:
        def work() -> float:
            ran.append(name)
            return seconds[ran.count(name) - 1]

        return Side(work, count=10)

    rows = take_turns({"usual": side("usual", [99, 4, 6, 5]), "ours": side("ours", [99, 2, 1, 2])}, turns=3)
    assert ran == ["usual", "ours"] * 4
    assert [row.per_second for row in rows] == pytest.approx([10 / 5, 10 / 2])
    assert (rows[1].times, rows[1].least, rows[1].most) == pytest.approx((2.5, 2.0, 6.0))


def test_a_size_by_hand() -> None:
    cost, listed = costs(
        ["encode_float32=10", "price_in=1", "price_out=2", "tokens_in=1000", "tokens_out=500"]
    )
    one = need(36_000, cost, cores=2)
    assert one.encode_cpu == pytest.approx(1.0)
    assert one.llm == pytest.approx(36_000 * 2000 / 1e6)
    assert one.engine == "local, `flat`"
    assert "| assumed | `price_in` | 1 |" in listed
    assert need(36_000, cost, cores=4).encode_cpu == pytest.approx(0.5)
    with pytest.raises(SystemExit, match="no unit cost is named x"):
        costs(["x=1"])


def test_sizes_grow_in_proportion_until_the_questions_are_a_sample() -> None:
    cost, _ = costs([])
    needs = [need(size, cost, 2) for size in SIZES]
    for small, large in pairwise(needs):
        assert large.encode_cpu == pytest.approx(10 * small.encode_cpu)
        assert small.disk < large.disk <= 10.001 * small.disk
    assert needs[-1].llm == needs[-2].llm  # the sample


def test_the_page_is_made_of_numbers_alone() -> None:
    row: dict[str, Any] = {
        "name": "ours", "per_second": 1234.5, "per_cpu_second": 2.0, "times": 3.14159, "least": 3.0,
        "most": 4.0, "cpu_times": 2.0, "note": "n",
    }  # fmt: skip
    found = {"title": "T", "unit": "rows", "setting": "s", "rows": [row], "remarks": ["r"]}
    facts = {
        "cpu": "c",
        "cores": 2,
        "instructions": ["avx2"],
        "memory_gib": 8.0,
        "python": "3",
        "libraries": {},
    }
    made = {
        "machine": facts,
        "comparisons": {"bm25": found | {"turns": 5, "quick": False, "load_per_core": 2.5}},
    }
    text = page(made)
    assert "| ours | 1,234 | 3.14 | 3 to 4 | 2 | 2 | n |" in text
    assert "wall seconds may mislead" in text
