"""Section compute: which engine runs batches, and how many workers it has."""

from __future__ import annotations

from typing import Literal

from pydantic import NonNegativeInt, PositiveInt

from sunwi.params.section import NonNegativeFloat, Section


class ComputeParams(Section):
    """Where batches are computed; no output depends on it, so no stage of the pipeline declares it."""

    engine: Literal["local", "ray"] = "local"
    address: str | None = (
        None  # of a Ray cluster that runs; None: one of this machine, for the process's life
    )
    workers: PositiveInt = 2
    cpus_per_worker: PositiveInt | None = None  # None: an even share of this machine's
    gpus_per_worker: NonNegativeFloat = 0
    batches_per_task: PositiveInt = 4  # of the batches that the local engine runs one by one
    max_restarts: NonNegativeInt = 3  # of one worker, and tries of one task after it was lost
