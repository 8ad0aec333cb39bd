"""Section dense."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from sunwi.params.section import Section


class DenseParams(Section):
    """The index over passage vectors: exact by default, approximate for millions of passages."""

    index: Literal["flat", "hnsw", "ivfpq"] = "flat"
    depth: PositiveInt = 200  # passages that an approximate index scores; the others share one score
    hnsw_m: Annotated[int, Field(ge=2)] = 32
    ef_construction: PositiveInt = 200
    ef_search: PositiveInt = 128
    nlist: PositiveInt = 1024  # IVF's lists; 4 to 16 times the root of the corpus
    nprobe: PositiveInt = 32
    pq_m: PositiveInt = 48  # bytes a vector; it divides the dimensions
