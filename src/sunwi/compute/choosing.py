"""The engine that section `compute` names."""

from __future__ import annotations

from sunwi.compute.executor import LOCAL, Executor
from sunwi.params.compute import ComputeParams


def engine_of(params: ComputeParams) -> Executor:
    """The engine; nothing is started before it has a batch to compute."""
    if params.engine == "local":
        return LOCAL
    from sunwi.compute.ray_data import RayExecutor  # with asyncio, which local stages do not need

    return RayExecutor(params)
