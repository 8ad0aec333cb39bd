"""The engine that section `compute` names."""

from __future__ import annotations

from sunwi.compute.engine import LOCAL, Engine
from sunwi.compute.ray_data import RayEngine
from sunwi.params.compute import ComputeParams


def engine_of(params: ComputeParams) -> Engine:
    """The engine; nothing is started before it has a batch to compute."""
    return LOCAL if params.engine == "local" else RayEngine(params)
