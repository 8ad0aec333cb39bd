"""params.yaml read and checked, all of it or the sections that a stage reads; every fault names its key."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from sunwi.errors import ParamsError
from sunwi.records.files import describe_fault

S = TypeVar("S", bound=BaseModel)
PARAMS_FILE = "params.yaml"


class Sections(BaseModel):
    """Base of what one stage or room reads of params.yaml: its fields are sections, the others are ignored.

    Checks between sections are those of `whole.Params`, which the stage `check_params` and every command run.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)


def read_params(kind: type[S], path: Path | str = PARAMS_FILE) -> S:
    """Read and check params.yaml as a model of it: `whole.Params`, or some `Sections`.

    Raises
    ------
    ParamsError
        Naming every key that is unknown, of a wrong type or out of range.
    """
    path = Path(path)
    if not path.exists():
        raise ParamsError(path, ["the file does not exist; run this in the project's folder"])
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ParamsError(path, [f"it is no YAML: {error}"]) from None
    return validate(kind, content or {}, path)


def validate(model: type[S], content: Any, path: Path | str) -> S:
    """Check a mapping against a section, with faults as sentences."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        faults = [_sentence(fault) for fault in error.errors()]
        raise ParamsError(path, faults) from None


def _sentence(fault: Any) -> str:
    if fault["type"] == "value_error":
        key = ".".join(str(part) for part in fault["loc"])
        return f"{key + ': ' if key else ''}{fault['msg'].removeprefix('Value error, ')}"
    return describe_fault(fault).replace("field ", "key ", 1)
