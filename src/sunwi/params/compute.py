"""Section compute: which engine runs batches, and how many workers it has."""

from __future__ import annotations

from typing import Literal

from pydantic import NonNegativeFloat, NonNegativeInt, PositiveInt

from sunwi.params.section import Name, Section


class ComputeParams(Section):
    """Where batches are computed; no output depends on it, so no stage of the pipeline declares it."""

    engine: Literal["local", "ray"] = "local"
    """Where batches run: in this process, or on Ray (pip install 'sunwi[ray]')."""
    address: Name | None = None
    """Address of a running Ray cluster; null: one of this machine, started for each stage."""
    workers: PositiveInt = 2
    """Ray workers."""
    cpus_per_worker: PositiveInt | None = None
    """CPUs of one Ray worker; null: an even share of this machine's."""
    gpus_per_worker: NonNegativeFloat = 0
    """GPUs of one Ray worker."""
    batches_per_task: PositiveInt = 4
    """Batches that one Ray task computes."""
    max_restarts: NonNegativeInt = 3
    """Restarts of a lost worker, and tries of its task after that."""
