"""One table of what a GPU does beside the CPU: encoding, training, resuming, torchrun, faiss, speed.

    python -m benchmarks.gpu_check [--page docs/results/gpu_check.md]

Weights are random and made here; nothing is fetched. Each check is run on the CPU and, where there is one, on
the GPU, each device in a process of its own. Without a GPU its cells say "not run"; where a package is not
installed they say "not run: NAME". The exit status is 1 if a check failed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.gpu_check.rows import FAILED, NOT_RUN, Row, alone, compared

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "torch",
    "transformers",
    "sentence-transformers",
    "FlagEmbedding",
    "peft",
    "faiss-cpu",
    "faiss-gpu-cu12",
)
TRAININGS = ("resume after a kill", "torchrun, one process")
SAME_LOSS = 1e-5  # two runs on the same device


def work(folder: Path, *arguments: str, cpu: bool) -> dict[str, Any]:
    """Everything on one device, in a process that sees no GPU or sees all."""
    hidden = {"CUDA_VISIBLE_DEVICES": ""} if cpu else {}
    file = folder / f"{'cpu' if cpu else 'gpu'}.json"
    command = [sys.executable, "-m", "benchmarks.gpu_check.work", str(file), *arguments]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **hidden}, check=True, stdout=sys.stderr)
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def train(folder: Path, *arguments: str, torchrun: bool = False) -> Any:
    """Losses of a training in a process of its own, None if it was killed; {"missing": package}."""
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "1"] if torchrun else []
    command = [sys.executable, *launch, "-m", "benchmarks.gpu_check.resumable", str(folder), *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode < 0:
        return None
    if done.returncode:
        raise RuntimeError(f"the training ended with {done.returncode}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def resuming_and_torchrun(folder: Path, *, gpu: bool) -> list[Row]:
    """A training that was killed, and one under torchrun, have the losses of one that was left alone."""
    whole = train(folder / "whole")
    if isinstance(whole, dict):
        return [Row(name, f"{NOT_RUN}: {whole['missing']}", NOT_RUN, "", NOT_RUN) for name in TRAININGS]
    killed = train(folder / "killed", "--kill-at", "5")
    resumed = train(folder / "killed")
    if killed is not None or len(resumed) >= len(whole):
        rows = [Row(TRAININGS[0], "", "", "", f"{FAILED}: not killed, or not resumed")]
    else:
        shown = f"steps {len(whole) - len(resumed) + 1} to {len(whole)}"
        rows = [alone(TRAININGS[0], shown, _apart(whole[-len(resumed) :], resumed), SAME_LOSS, gpu=gpu)]
    under = train(folder / "torchrun", torchrun=True)
    return [*rows, alone(TRAININGS[1], f"{len(under)} steps", _apart(whole, under), SAME_LOSS, gpu=gpu)]


def _apart(left: list[float], right: list[float]) -> float:
    return max(abs(a - b) for a, b in zip(left, right, strict=True))


def has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


def versions() -> str:
    """Of Python and of what is compared."""
    found = [f"Python {platform.python_version()}"]
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    return ", ".join(found)


def speed_table(found: dict[str, Any], device: str) -> list[str]:
    """Of one device."""
    if "values" not in found:
        return [f"{NOT_RUN}: {found.get('missing', found.get('error'))}"]
    lines = [f"| library, on the {device} | texts a second, in the shape of e5-small |", "|---|---|"]
    for name, row in found["values"].items():
        lines.append(f"| {name} | {row.get('per_second') or NOT_RUN + ': ' + row['missing']} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--page", type=Path, help="also write the table to this file")
    asked = parser.parse_args()
    start, on_gpu = time.perf_counter(), has_gpu()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cpu = work(folder, *([] if on_gpu else ["--speed"]), cpu=True)
        gpu = work(folder, "--speed", cpu=False) if on_gpu else None
        speed = (gpu or cpu).pop("speed")
        devices = [
            *cpu.pop("devices")["values"],
            *(gpu.pop("devices")["values"] if gpu else [f"GPU: {NOT_RUN}"]),
        ]
        rows = [compared(check, found, gpu[check] if gpu else None) for check, found in cpu.items()]
        rows += resuming_and_torchrun(folder, gpu=on_gpu)
    lines = [
        "# GPU check", "", f"{versions()}. {'; '.join(devices)}.", "",
        "| check | CPU | GPU | largest difference | verdict |", "|---|---|---|---|---|",
        *(row.line for row in rows), "", *speed_table(speed, "GPU" if on_gpu else "CPU"), "",
        f"{time.perf_counter() - start:.0f} s in all.",
    ]  # fmt: skip
    text = "\n".join(lines) + "\n"
    if asked.page:
        asked.page.write_text(text, encoding="utf-8")
    print(text)
    sys.exit(any(row.verdict.startswith(FAILED) for row in rows))


if __name__ == "__main__":
    main()
