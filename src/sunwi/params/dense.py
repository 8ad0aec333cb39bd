"""Section dense."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sunwi.params.section import Count, Section


class DenseParams(Section):
    """The index over passage vectors: exact by default, approximate for millions of passages."""

    index: Literal["flat", "hnsw", "ivfpq"] = "flat"
    depth: Count = 200  # passages that an approximate index scores; the others share one score
    hnsw_m: Annotated[int, Field(ge=2)] = 32
    ef_construction: Count = 200
    ef_search: Count = 128
    nlist: Count = 1024  # IVF's lists; 4 to 16 times the root of the corpus
    nprobe: Count = 32
    pq_m: Count = 48  # bytes a vector; it divides the dimensions
