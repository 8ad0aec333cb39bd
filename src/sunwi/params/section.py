"""Value types, and the base of every section of params.yaml."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("expected a name, found an empty text")
    return value


Seed = NonNegativeInt
RowsPerShard = NonNegativeInt
Name = Annotated[str, AfterValidator(_not_blank)]  # of a model, a module, a folder
Share = Annotated[float, Field(ge=0, le=1)]
Level = Annotated[float, Field(gt=0, lt=1)]  # of a test or an interval
Grid = Annotated[list[NonNegativeFloat], Field(min_length=1)]


class Section(BaseModel):
    """Base of all sections: unknown keys are faults, numbers are finite.

    The docstring below a key is its text in params/defaults.yaml and docs/parameters.md.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
