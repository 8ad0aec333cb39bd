"""One training in a process of its own, which may kill itself; it prints its losses.

    python -m benchmarks.gpu_check.resumable FOLDER [--kill-at 5]

A second process with the same folder goes on from the last checkpoint.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
from pathlib import Path
from typing import Any

from benchmarks.gpu_check import material


def train(folder: Path, kill_at: int) -> list[float]:
    """Losses of the steps of this process; at the end of step `kill_at` it kills itself."""
    import torch
    from transformers import TrainerCallback

    from benchmarks.embedder.training import Clock
    from sunwi.train.embedder.arguments import training_arguments
    from sunwi.train.embedder.runner import GroupRunner
    from sunwi.train.shared.checkpoints import last_checkpoint

    class Killer(TrainerCallback):
        def on_step_end(self, _: Any, state: Any, *__: Any, **___: Any) -> None:
            if state.global_step == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    info, params = (
        material.write_encoder(folder / "model"),
        material.embedder_params("dense", checkpoint_steps=2),
    )
    cpu = not torch.cuda.is_available()
    arguments = training_arguments(info, params, 0, material.STEPS, folder / "out", cpu, evaluated=False)
    runner = GroupRunner(info, material.groups(), params, arguments, None, None)
    clock = Clock()
    runner.trainer.add_callback(clock.callback())
    runner.trainer.add_callback(Killer())
    found = last_checkpoint(folder / "out")
    runner.trainer.train(resume_from_checkpoint=str(found) if found else None)
    return clock.losses


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kill-at", type=int, default=0)
    asked = parser.parse_args()
    try:
        print(json.dumps(train(asked.folder, asked.kill_at)))
    except ImportError as error:
        print(json.dumps({"missing": error.name or str(error)}))


if __name__ == "__main__":
    main()
