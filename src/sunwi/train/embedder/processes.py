"""Processes that train together: torchrun starts them and sets their environment variables."""

from __future__ import annotations

import os
import sys

from sunwi.runtime import available_cpus


def process_count() -> int:
    """Processes that train one model together; 1 unless torchrun or accelerate started this one."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def start_processes(count: int) -> None:
    """Replace this process by `count` processes of this script on this machine, started by torchrun.

    Returns at once where one process is enough, or torchrun or accelerate has started this one already.
    """
    if count == 1 or "RANK" in os.environ:
        return
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, available_cpus() // count)))  # torchrun's own is 1
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *launch, *sys.argv])  # noqa: S606  no shell is wanted


def is_main_process() -> bool:
    """Whether this process judges and writes; the others only train."""
    return int(os.environ.get("RANK", "0")) == 0
