"""How `make gpu-check` judges two devices, and what it says where something is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.gpu_check.rows import alone, compared
from benchmarks.gpu_check.work import outcome

LOSSES = {"values": [2.0, 1.0]}


@pytest.mark.parametrize(
    ("name", "cpu", "gpu", "cells", "verdict"),
    [
        ("train m3", LOSSES, None, ("loss 2.0000 to 1.0000, 2 steps", "not run"), "ran on the CPU"),
        ("train m3", {"missing": "peft"}, None, ("not run: peft", "not run"), "not run: peft"),
        ("faiss", {"values": [1]}, {"missing": "x"}, ("1 numbers", "not run: x"), "ran on the CPU"),
        ("train m3", LOSSES, {"values": [2.0, 1.001]}, None, "equal"),
        ("train m3", LOSSES, {"values": [2.0, 1.01]}, None, "FAILED: above 0.002"),
        ("train reranker, LoRA", LOSSES, {"values": [2.0, 1.01]}, None, "equal"),  # bfloat16
        ("encode", {"values": [0.5, 0.1]}, {"values": [0.5, 0.2]}, None, "FAILED: above 0.002"),
        ("faiss IVF-PQ", {"values": [*range(10)]}, {"values": [*range(9, -1, -1)]}, None, "equal"),
        ("faiss IVF-PQ", {"values": [*range(10)]}, {"values": [*range(1, 11)]}, None, "FAILED: above 0.02"),
        ("train m3", {"values": [2.0, float("nan")]}, None, None, "FAILED: a number is not finite"),
        ("train m3", LOSSES, {"error": "RuntimeError: no kernel"}, None, "FAILED: RuntimeError: no kernel"),
    ],
)  # fmt: skip
def test_two_devices_are_judged(
    name: str,
    cpu: dict[str, object],
    gpu: dict[str, object] | None,
    cells: tuple[str, str] | None,
    verdict: str,
) -> None:
    row = compared(name, cpu, gpu)
    assert row.verdict == verdict
    assert cells is None or (row.cpu, row.gpu) == cells


def test_one_device_is_compared_with_itself() -> None:
    assert alone("resume", "steps 5 to 8", 0.0, 1e-5, gpu=False).line == (
        "| resume | steps 5 to 8 | not run | 0.0e+00 | equal |"
    )
    assert alone("resume", "steps 5 to 8", 1e-3, 1e-5, gpu=True).verdict == "FAILED: above 1e-05"


def test_a_missing_package_and_an_error_are_written_down() -> None:
    def without(_: Path) -> list[float]:
        import sunwi_package_that_is_not_there  # noqa: F401  its absence is the test

        return []

    def broken(_: Path) -> list[float]:
        raise ValueError("two\nlines")

    assert outcome(without) == {"missing": "sunwi_package_that_is_not_there"}
    assert outcome(broken) == {"error": "ValueError: two lines"}
    assert outcome(lambda folder: [float(folder.is_dir())]) == {"values": [1.0]}
