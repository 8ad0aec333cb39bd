"""Number types and the base of every section of params.yaml."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _number(value: Any) -> Any:
    """YAML 1.1 reads 3e-05 (what `dvc exp run -S lr=3e-5` writes) as a string."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


Real = Annotated[float, BeforeValidator(_number)]
Share = Annotated[float, BeforeValidator(_number), Field(ge=0, le=1)]
Level = Annotated[float, BeforeValidator(_number), Field(gt=0, lt=1)]  # of a test or an interval
PositiveFloat = Annotated[float, BeforeValidator(_number), Field(gt=0)]
NonNegativeFloat = Annotated[float, BeforeValidator(_number), Field(ge=0)]
Grid = Annotated[list[NonNegativeFloat], Field(min_length=1)]


class Section(BaseModel):
    """Base of all sections: unknown keys are faults, numbers are finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
