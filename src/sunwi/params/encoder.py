"""Section encoder."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from sunwi.params.section import Name, Section


class EncoderParams(Section):
    """The bi-encoder and its limits, in tokens."""

    model: Name = "builtin/multilingual-e5-small"
    """Base encoder: builtin/multilingual-e5-small, a Hugging Face id (BAAI/bge-m3), or a folder."""
    max_length: Annotated[int, Field(ge=8, le=8192)] = 256
    """Tokens of a passage that are read at once."""
    windows: bool = True
    """Read longer passages in overlapping windows whose best one counts in dense search; false: cut them."""
    query_max_length: Annotated[int, Field(ge=8, le=8192)] = 64
    """Tokens of a query; what is longer is cut."""
    batch_size: PositiveInt = 32
    """Texts that are encoded at once."""
    precision: Literal["auto", "float32", "bfloat16", "int8"] = "auto"
    """auto: the fastest that keeps search vectors (bfloat16 with AMX, else float32), half on a GPU."""
