"""`dvc repro` of the project's own pipeline where no stage has to run."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.shared.material import Material

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "dvc", "repro"]


def report(_material: Material, turns: int, _quick: bool) -> dict[str, object]:
    """Seconds of the clock and of the CPU; it runs nothing where a stage would."""
    dry = subprocess.run([*COMMAND, "--dry"], cwd=ROOT, check=False, capture_output=True, text=True)
    stages = dry.stdout.count("didn't change, skipping")
    found = {"title": "A pipeline with nothing to do", "setting": f"`dvc repro` of all {stages} stages"}
    if dry.returncode or "Running stage" in dry.stdout:
        return {**found, "table": "The pipeline is not up to date here, so it was not timed.", "remarks": []}
    runs = [_timed() for _ in range(turns)]
    seconds, spent = ([run[at] for run in runs] for at in (0, 1))
    table = (
        "| seconds, median | least to most | CPU seconds, median |\n|---|---|---|\n"
        f"| {statistics.median(seconds):.1f} | {min(seconds):.1f} to {max(seconds):.1f} "
        f"| {statistics.median(spent):.1f} |"
    )
    return {**found, "table": table, "remarks": []}


def _timed() -> tuple[float, float]:
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(COMMAND, cwd=ROOT, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, spent
