"""What all rows have in common, and the types of their fields."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

Identifier = Annotated[str, Field(min_length=1)]
EvalId = StrictInt | StrictStr  # the competition's ids are integers
Split = Literal["train", "dev", "test"]
Provenance = dict[str, float | int | str | None]


class Row(BaseModel):
    """Base of all rows: unknown fields are faults, numbers are finite, rows do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    def sort_key(self) -> tuple[Any, ...]:
        """Key by which a file of these rows is sorted; it must be unique in the file."""
        raise NotImplementedError  # each row type below names its own
