"""Lines of the table, and how two devices' numbers are judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

NOT_RUN = "not run"
FAILED = "FAILED"
# Largest difference of a number of a vector, and largest relative one of a loss: float32 sums in another
# order, with TF32 off; steps of training multiply it. The reranker trains in bfloat16 on a GPU that has it.
VECTOR_LIMIT, LOSS_LIMIT, BFLOAT16_LIMIT = 2e-3, 2e-3, 5e-2
SAME_FOUND = 0.98  # share of the ten passages of a query that both devices' faiss find

Outcome = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    check: str
    cpu: str
    gpu: str
    difference: str
    verdict: str

    @property
    def line(self) -> str:
        """As Markdown."""
        return f"| {self.check} | {self.cpu} | {self.gpu} | {self.difference} | {self.verdict} |"


def compared(name: str, cpu: Outcome, gpu: Outcome | None) -> Row:
    """The row of one check; `gpu` is None where there is no GPU."""
    left, right = _cell(name, cpu), _cell(name, gpu) if gpu is not None else NOT_RUN
    for found in (cpu, gpu or {}):
        if "error" in found:
            return Row(name, left, right, "", f"{FAILED}: {found['error']}")
    if not np.isfinite(cpu.get("values", [])).all():
        return Row(name, left, right, "", f"{FAILED}: a number is not finite")
    if "missing" in cpu or gpu is None or "missing" in gpu:
        return Row(name, left, right, "", "ran on the CPU" if "values" in cpu else left)
    difference, limit = _difference(name, np.array(cpu["values"]), np.array(gpu["values"]))
    return Row(
        name,
        left,
        right,
        f"{difference:.1e}",
        "equal" if difference <= limit else f"{FAILED}: above {limit:g}",
    )


def alone(name: str, shown: str, difference: float, limit: float, *, gpu: bool) -> Row:
    """The row of what is compared within one device."""
    verdict = "equal" if difference <= limit else f"{FAILED}: above {limit:g}"
    cells = ("", shown) if gpu else (shown, NOT_RUN)
    return Row(name, *cells, f"{difference:.1e}", verdict)


def _difference(name: str, cpu: Any, gpu: Any) -> tuple[float, float]:
    """How far the numbers are apart, and how far they may be."""
    if name.startswith("faiss"):
        pairs = zip(cpu.reshape(-1, 10), gpu.reshape(-1, 10), strict=True)
        return 1 - float(np.mean([len(set(left) & set(right)) / 10 for left, right in pairs])), 1 - SAME_FOUND
    apart = np.abs(cpu - gpu)
    if name == "encode":
        return float(apart.max()), VECTOR_LIMIT
    relative = float((apart / np.maximum(1e-6, np.abs(cpu))).max())
    return relative, BFLOAT16_LIMIT if "reranker" in name else LOSS_LIMIT


def _cell(name: str, found: Outcome) -> str:
    if "missing" in found:
        return f"{NOT_RUN}: {found['missing']}"
    if "error" in found:
        return FAILED
    values = found["values"]
    if name.startswith("train"):
        return f"loss {values[0]:.4f} to {values[-1]:.4f}, {len(values)} steps"
    return f"{len(values):,} numbers"
