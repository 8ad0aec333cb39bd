"""params.yaml read and checked; every fault is a sentence that names its key."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from sunwi.errors import ParamsError
from sunwi.params.whole import Params
from sunwi.records.files import describe_fault

S = TypeVar("S", bound=BaseModel)


def load_params(path: Path | str = "params.yaml") -> Params:
    """Read and check params.yaml.

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
    return validate(Params, content or {}, path)


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
