"""Seconds of every variant that asks no LLM, each stage as DVC runs it; the first one fills the caches.

    python benchmarks/submissions.py PROJECT

PROJECT is a folder with params.yaml, stages/ and finished stages up to `train_reranker`. Its submissions are
written anew.
"""

import subprocess
import sys
import time
from pathlib import Path

from sunwi.params import load_params


def seconds(project: Path, stage: str, name: str) -> float:
    """Wall-clock time of one stage, its start included."""
    start = time.perf_counter()
    subprocess.run([sys.executable, f"stages/{stage}.py", name], cwd=project, check=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    project = Path(sys.argv[1])
    params = load_params(project / "params.yaml")
    stages = [("submit", name) for name, one in params.submissions.items() if not one.asks_llm]
    stages += [("combine", name) for name, one in params.combinations.items() if not one.asks_llm]
    taken = {}
    for stage, name in stages:
        taken[name] = seconds(project, stage, name)
        print(f"{name:28} {taken[name]:7.1f} s", flush=True)
    _, *others = taken.values()
    print(f"{'all after the first':28} {sum(others):7.1f} s ({len(others)} variants)")
