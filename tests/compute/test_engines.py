"""The engines by their contract: order, errors, what a missing or unreachable Ray says."""

from __future__ import annotations

import builtins
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunwi.compute.choosing import engine_of
from sunwi.compute.executor import LOCAL
from sunwi.compute.parts import map_parts
from sunwi.compute.ray_data import RayExecutor
from sunwi.errors import ComputeError, DataError, InputProblems, ModelError, ParamsError, Problem, SunwiError
from sunwi.params.compute import ComputeParams
from sunwi.params.reading import validate
from sunwi.params.whole import Params


def test_local_is_the_default_and_lazy() -> None:
    assert engine_of(Params().compute) is LOCAL
    seen: list[int] = []
    results = LOCAL.map(lambda batch: seen.append(batch) or -batch, iter([1, 2, 3]))  # type: ignore[func-returns-value]
    assert next(results) == -1
    assert seen == [1]


@given(st.lists(st.lists(st.integers(), min_size=1), max_size=5), st.integers(1, 4))
def test_every_row_of_every_part_comes_back_once(parts: list[list[int]], size: int) -> None:
    def plan(part: Sequence[int]) -> list[tuple[list[int], list[int]]]:
        rows = sorted(range(len(part)), key=lambda row: part[row])  # not in the part's order
        chunks = [rows[start : start + size] for start in range(0, len(rows), size)]
        return [(chunk, [part[row] for row in chunk]) for chunk in chunks]

    doubled = []
    for blocks in map_parts(LOCAL, lambda batch: [2 * value for value in batch], parts, plan):
        found = {row: value for rows, got in blocks for row, value in zip(rows, got, strict=True)}
        doubled.append([found[row] for row in range(len(found))])
    assert doubled == [[2 * value for value in part] for part in parts]


def test_without_a_batch_ray_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sunwi.compute.ray_data.connect", lambda _: pytest.fail("connected"))
    assert list(RayExecutor(ComputeParams(engine="ray")).map(str, [])) == []


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    imported: Callable[..., Any] = builtins.__import__

    def without_ray(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == "ray":
            raise ImportError("No module named 'ray'")
        return imported(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without_ray)
    from sunwi.compute.cluster import require_ray

    with pytest.raises(ComputeError, match=r"pip install 'sunwi\[ray\]'"):
        require_ray()


@pytest.mark.parametrize(
    "error",
    [
        SunwiError("one sentence"),
        ModelError("builtin/x", "it is not there", "name another"),
        DataError("no row", "add one"),
        ParamsError("params.yaml", ["seed: no number"]),
        InputProblems([Problem(Path("corpus.jsonl"), 3, "no docid")], "mend it"),
    ],
)
def test_an_error_crosses_to_another_process_whole(error: SunwiError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


@pytest.mark.parametrize(
    "wrong",
    [{"engine": "spark"}, {"workers": 0}, {"gpus_per_worker": -1}, {"max_restarts": -1}, {"actors": 2}],
)
def test_wrong_settings_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ParamsError, match=next(iter(wrong))):
        validate(ComputeParams, wrong, "params.yaml")
