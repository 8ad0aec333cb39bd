"""Where batches are computed: in this process, or by workers of a Ray cluster; the results are the same."""

from sunwi.compute.choosing import engine_of
from sunwi.compute.engine import LOCAL, Engine, LocalEngine
from sunwi.compute.parts import by_row, map_parts

__all__ = ["LOCAL", "Engine", "LocalEngine", "by_row", "engine_of", "map_parts"]
