"""params.yaml over params/defaults.yaml: read and checked, all of it or the sections that a stage reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from sunwi.errors import ParamsError
from sunwi.params.section import Section
from sunwi.params.yaml_text import read_mapping
from sunwi.records.files import describe_fault

S = TypeVar("S", bound=BaseModel)
PARAMS_FILE = "params.yaml"
DEFAULTS_FILE = "params/defaults.yaml"  # beside params.yaml
REMOVED = {"encoder.kernels": "torch"}  # keys of earlier versions that said what is always so now


class Sections(BaseModel):
    """Base of what one stage or room reads of params.yaml: its fields are sections, the others are ignored.

    Checks between sections are those of `whole.Params`, which the stage `check_params` and every command run.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)


def read_params(kind: type[S], path: Path | str = PARAMS_FILE) -> S:
    """Read and check params.yaml over params/defaults.yaml as `whole.Params`, or as some `Sections`.

    Raises
    ------
    ParamsError
        Naming every key that is unknown, of a wrong type or out of range.
    """
    path = Path(path)
    return check_layers(kind, read_mapping(path), read_defaults(path), path)


def read_effective(kind: type[BaseModel], path: Path | str = PARAMS_FILE) -> dict[str, Any]:
    """The values of both files as one mapping, not checked yet.

    Raises
    ------
    ParamsError
        If either file is no YAML mapping.
    """
    path = Path(path)
    return layered(kind, without_removed(read_mapping(path), path), read_defaults(path))


def read_defaults(path: Path) -> dict[str, Any]:
    """params/defaults.yaml beside a params.yaml; without the file, the defaults are those of the sections."""
    defaults = path.parent / DEFAULTS_FILE
    return read_mapping(defaults) if defaults.exists() else {}


def layered(kind: type[BaseModel], params: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """`params` over `defaults`: sections key by key, any other value as a whole."""
    merged = {**defaults, **params}
    for name, section in sections_of(kind).items():
        if name in merged:
            above, below = (layer.get(name, {}) for layer in (params, defaults))
            above = {} if above is None else above  # an empty section of YAML
            both = isinstance(above, Mapping) and isinstance(below, Mapping)
            merged[name] = layered(section, above, below) if both else above
    return merged


def sections_of(kind: type[BaseModel]) -> dict[str, type[Section]]:
    """The fields of a model that are sections themselves."""
    types = {name: field.annotation for name, field in kind.model_fields.items()}
    return {
        name: kind for name, kind in types.items() if isinstance(kind, type) and issubclass(kind, Section)
    }


def check_layers(
    kind: type[S], params: Mapping[str, Any], defaults: Mapping[str, Any], path: Path | str
) -> S:
    """Check `params` over `defaults`.

    Raises
    ------
    ParamsError
        Naming every faulty key, and the file of defaults where only that file has the value.
    """
    params = without_removed(params, path)
    return _check(kind, layered(kind, params, defaults), path, params if defaults else None)


def validate(model: type[S], content: Any, path: Path | str) -> S:
    """Check a mapping against a model.

    Raises
    ------
    ParamsError
        Naming every faulty key.
    """
    return _check(model, content, path, None)


def without_removed(params: Mapping[str, Any], path: Path | str) -> Mapping[str, Any]:
    """The parameters without keys of earlier versions whose value changes nothing now.

    Raises
    ------
    ParamsError
        Naming all of these keys that have another value.
    """
    removed = {
        key: (params[section] or {})[name]
        for key in REMOVED
        for section, name in [key.split(".")]
        if isinstance(params.get(section), Mapping) and name in params[section]
    }
    if faults := [
        f"key '{key}' was removed: its value {value!r} is always {REMOVED[key]!r} now; delete the line"
        for key, value in removed.items()
        if value != REMOVED[key]
    ]:
        raise ParamsError(path, faults)
    return {
        section: {name: inner for name, inner in value.items() if f"{section}.{name}" not in removed}
        if isinstance(value, Mapping)
        else value
        for section, value in params.items()
    }


def _check(model: type[S], content: Any, path: Path | str, params: Mapping[str, Any] | None) -> S:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        faults = [_sentence(fault, params) for fault in error.errors()]
        raise ParamsError(path, faults) from None


def _sentence(fault: Any, params: Mapping[str, Any] | None) -> str:
    """One fault in words; `params` is the content of params.yaml where there are defaults, too."""
    key = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "value_error":
        text = f"{key + ': ' if key else ''}{fault['msg'].removeprefix('Value error, ')}"
    else:
        text = describe_fault(fault).replace("field ", "key ", 1)
    return text if params is None or _has(params, fault["loc"]) else f"{text} (in {DEFAULTS_FILE})"


def _has(content: Any, place: tuple[Any, ...]) -> bool:
    for part in place:
        if not isinstance(content, Mapping):
            return True  # below a list or a text: the key above is there
        if part not in content:
            return False
        content = content[part]
    return True
