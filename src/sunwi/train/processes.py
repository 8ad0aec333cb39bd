"""How many processes train together, as torchrun and accelerate tell by their environment variables."""

from __future__ import annotations

import os


def process_count() -> int:
    """Processes that train one model together; 1 unless torchrun or accelerate started this one."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_main_process() -> bool:
    """Whether this process judges and writes; the others only train."""
    return int(os.environ.get("RANK", "0")) == 0
