"""Section compute: which engine runs batches, and how many workers it has."""

from __future__ import annotations

from typing import Literal

from sunwi.params.section import Count, NotNegative, Section, Whole


class ComputeParams(Section):
    """Where batches are computed; no output depends on it, so no stage of the pipeline declares it."""

    engine: Literal["local", "ray"] = "local"
    address: str | None = (
        None  # of a Ray cluster that runs; None: one of this machine, for the process's life
    )
    workers: Count = 2
    cpus_per_worker: Count | None = None  # None: an even share of this machine's
    gpus_per_worker: NotNegative = 0
    batches_per_task: Count = 4  # of the batches that the local engine runs one by one
    max_restarts: Whole = 3  # of one worker, and tries of one task after it was lost
