"""Section dense."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from sunwi.params.section import Section


class DenseParams(Section):
    """The index over passage vectors: exact by default, approximate for millions of passages."""

    index: Literal["flat", "hnsw", "ivfpq"] = "flat"
    """Vector index: flat is exact; hnsw and ivfpq are approximate, for millions of passages."""
    depth: PositiveInt = 200
    """Passages that an approximate index scores; all others share one score."""
    hnsw_m: Annotated[int, Field(ge=2)] = 32
    """HNSW: neighbours of a node."""
    ef_construction: PositiveInt = 200
    """HNSW: candidates while building."""
    ef_search: PositiveInt = 128
    """HNSW: candidates while searching."""
    nlist: PositiveInt = 1024
    """IVF: number of lists; 4 to 16 times the square root of the corpus."""
    nprobe: PositiveInt = 32
    """IVF: lists that are searched."""
    pq_m: PositiveInt = 48
    """PQ: bytes a vector; must divide the dimensions."""
