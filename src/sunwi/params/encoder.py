"""Section encoder."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from sunwi.params.section import Section


class EncoderParams(Section):
    """The bi-encoder and its limits, in tokens."""

    model: str = "builtin/multilingual-e5-small"
    max_length: Annotated[int, Field(ge=8, le=8192)] = 256
    query_max_length: Annotated[int, Field(ge=8, le=8192)] = 64
    batch_size: PositiveInt = 32
    # auto: float32 on a CPU, half on a GPU; int8: linear layers alone, on a CPU
    precision: Literal["auto", "float32", "bfloat16", "int8"] = "auto"
