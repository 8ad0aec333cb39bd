"""Seconds of every variant that asks no LLM, each stage as DVC runs it; the first one fills the caches.

    python -m benchmarks.submissions.variants PROJECT

PROJECT is a folder with params.yaml, stages/ and finished stages up to `train_reranker`. Its submissions are
written anew. CPU seconds tell what a variant costs where other programs run beside it.
"""

import resource
import subprocess
import sys
import time
from pathlib import Path

from sunwi.params.loading import load_params


def cost(project: Path, stage: str, name: str) -> tuple[float, float]:
    """Wall-clock and CPU seconds of one stage, its start included."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, f"stages/{stage}.py", name], cwd=project, check=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    project = Path(sys.argv[1])
    params = load_params(project / "params.yaml")
    stages = [("submit", name) for name, one in params.searching.items() if not one.asks_llm]
    stages += [("combine", name) for name, one in params.combinations.items() if not one.asks_llm]
    print(f"{'':28} {'wall':>9} {'CPU':>9}")
    taken = []
    for stage, name in stages:
        wall, cpu = cost(project, stage, name)
        taken.append((wall, cpu))
        print(f"{name:28} {wall:7.1f} s {cpu:7.1f} s", flush=True)
    wall, cpu = (sum(column) for column in zip(*taken[1:], strict=True))
    print(f"{'all after the first':28} {wall:7.1f} s {cpu:7.1f} s ({len(taken) - 1} variants)")
