"""Sides that take turns in one process: medians, ratios turn by turn, facts of the machine."""

from __future__ import annotations

import gc
import importlib.metadata
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

LIBRARIES = (
    "torch", "transformers", "sentence-transformers", "FlagEmbedding", "bm25s", "rank-bm25", "kiwipiepy",
    "faiss-cpu", "ir-measures", "ranx", "numpy", "numba", "dvc",
)  # fmt: skip
FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")


@dataclass(frozen=True)
class Side:
    """One way to do the work. `work` may return its own seconds, where a part of it is not to be counted."""

    work: Callable[[], float | None]
    count: int  # units of one turn
    note: str = ""


@dataclass
class Row:
    """A side's medians; ratios are to the reference in the same turn."""

    name: str
    per_second: float
    per_cpu_second: float
    times: float
    least: float
    most: float
    cpu_times: float
    note: str = ""


@dataclass
class Comparison:
    """Sides, the first of which is the reference, on one kind of work."""

    title: str
    unit: str
    setting: str
    rows: list[Row] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def take_turns(sides: Mapping[str, Side], turns: int) -> list[Row]:
    """Run all sides once, `turns` times over; the first turn of all, which loads and compiles, counts not."""
    wall: dict[str, list[float]] = {name: [] for name in sides}
    cpu: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(turns + 1):
        for name, side in sides.items():
            gc.collect()  # what one side leaves behind is not collected on another's time
            start, used = time.perf_counter(), time.process_time()
            own = side.work()
            seconds, of_cpu = time.perf_counter() - start, time.process_time() - used
            if turn:
                wall[name].append((own or seconds) / side.count)
                cpu[name].append(of_cpu / side.count)
    reference = next(iter(sides))
    rows = []
    for name, side in sides.items():
        ratios = [base / mine for base, mine in zip(wall[reference], wall[name], strict=True)]
        of_cpu = [base / mine for base, mine in zip(cpu[reference], cpu[name], strict=True)]
        rows.append(
            Row(
                name,
                1 / statistics.median(wall[name]),
                1 / statistics.median(cpu[name]),
                statistics.median(ratios),
                min(ratios),
                max(ratios),
                statistics.median(of_cpu),
                side.note,
            )
        )
    return rows


def number(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def table(found: Comparison) -> str:
    """A comparison as Markdown."""
    lines = [
        f"| {found.setting} | {found.unit} / s | times | least to most | {found.unit} / CPU-s | times | |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.name} | {number(row.per_second)} | {number(row.times)} "
        f"| {number(row.least)} to {number(row.most)} | {number(row.per_cpu_second)} "
        f"| {number(row.cpu_times)} | {row.note} |"
        for row in found.rows
    ]
    return "\n".join([f"## {found.title}", "", *lines, *(f"\n{remark}" for remark in found.remarks)])


def machine() -> dict[str, Any]:
    """Cores, instructions, memory and versions: nothing that names the machine."""
    from sunwi.runtime import available_cpus

    read = Path("/proc/cpuinfo")
    info = read.read_text(encoding="utf-8") if read.exists() else ""
    model = next((line.split(":")[1].strip() for line in info.splitlines() if "model name" in line), "")
    flags = next((line.split(":")[1].split() for line in info.splitlines() if line.startswith("flags")), [])
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return {
        "cpu": model or platform.machine(),
        "cores": available_cpus(),
        "instructions": [flag for flag in FLAGS if flag in flags],
        "memory_gib": round(memory, 1),
        "python": platform.python_version(),
        "libraries": versions,
    }


def busy() -> float:
    """Load of the last minute for each core, before anything is measured: above .3 wall seconds mislead."""
    from sunwi.runtime import available_cpus

    return round(os.getloadavg()[0] / available_cpus(), 2)
