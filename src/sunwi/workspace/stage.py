"""What every stage does around its work: an error is a sentence, seconds and memory are kept."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sunwi.paths import TIMING
from sunwi.progress import running_stage
from sunwi.records.files import write_lines
from sunwi.runtime import let_idle_threads_sleep
from sunwi.system_errors import reported
from sunwi.workspace.base import Workspace


@contextmanager
def stage(name: str) -> Iterator[Workspace]:
    """The workspace of the current folder, for the time of one stage.

    Errors that a user can act on are a sentence with the next step and exit code 1, as on the command line
    (`sunwi.system_errors.reported`).
    Seconds and peak memory go to metrics/timing, which is neither compared nor committed.
    """
    let_idle_threads_sleep()
    workspace = Workspace()
    start = time.perf_counter()
    with reported(), running_stage(name):
        yield workspace
        seconds = round(time.perf_counter() - start, 1)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        facts: dict[str, Any] = {"seconds": seconds, "peak_memory_mb": round(peak)}
        write_lines(workspace.path(TIMING) / f"{name}.json", [json.dumps(facts)])
