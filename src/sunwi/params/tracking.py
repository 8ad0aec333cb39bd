"""What DVC sees of the parameters: each stage's keys, and the file of the defaults that a person overrides.

A stage of dvc.yaml names keys of params.yaml and of params/defaults.yaml. DVC fails where one is missing, so
a key is named in one file only, and DVC would not see a person write it in the other. The stage
`check_params` writes such keys into params/overrides.yaml, where each stage names the entry of its own name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from sunwi.errors import ParamsError
from sunwi.params.reading import DEFAULTS_FILE, PARAMS_FILE, read_defaults, without_removed
from sunwi.params.yaml_text import load_text, read_mapping, read_text

DVC_FILE = "dvc.yaml"
OVERRIDES_FILE = "params/overrides.yaml"
HEAD = f"""\
# Written by the stage check_params: the defaults that {PARAMS_FILE} replaces, by the stage that reads them.
"""
MISSING = object()
Declared = Mapping[str, Mapping[str, Sequence[str]]]  # stage to file to keys


def declared_keys(root: Path) -> Declared:
    """The keys that each stage of dvc.yaml names, by file; a whole file is no key. Without dvc.yaml: none.

    Raises
    ------
    ParamsError
        If dvc.yaml is no YAML mapping.
    """
    path = root / DVC_FILE
    if not path.exists():
        return {}
    stages = load_text(read_text(path), path).get("stages") or {}
    declared: dict[str, dict[str, list[str]]] = {}
    for name, stage in stages.items():
        files = declared.setdefault(name, {})
        for entry in stage.get("do", stage).get("params", ()):
            for file, keys in entry.items() if isinstance(entry, Mapping) else [(PARAMS_FILE, [entry])]:
                files.setdefault(file, []).extend(keys or ())
    return declared


def overrides_text(root: Path) -> str:
    """The text of params/overrides.yaml for a project.

    Raises
    ------
    ParamsError
        If a file is no YAML mapping, or lacks a key that a stage names, with the lines to add.
    """
    params, defaults = read_mapping(root / PARAMS_FILE), read_defaults(root / PARAMS_FILE)
    declared = declared_keys(root)
    _check_present(declared, PARAMS_FILE, params)
    _check_present(declared, DEFAULTS_FILE, defaults)
    params = dict(without_removed(params, PARAMS_FILE))
    overrides = {
        stage: {
            name: value
            for key in files[DEFAULTS_FILE]
            for name, value in sorted(_leaves(key, value_of(params, key)))
            if not covers(files.get(PARAMS_FILE, ()), name) and value != value_of(defaults, name)
        }
        for stage, files in declared.items()
        if files.get(DEFAULTS_FILE)
    }
    return HEAD + (yaml.safe_dump(overrides, allow_unicode=True, sort_keys=True) if overrides else "")


def _check_present(declared: Declared, file: str, content: Mapping[str, Any]) -> None:
    """Refuse a file that lacks a key which DVC would look for after a stage's work."""
    named = {key for files in declared.values() for key in files.get(file, ()) if "${" not in key}
    missing = sorted(key for key in named if value_of(content, key) is MISSING)
    if missing:
        step = f"write them into {file} (docs/parameters.md has their defaults)"
        if file == DEFAULTS_FILE:
            step = "sunwi params --write"
        faults = [f"key '{key}' is missing, and {DVC_FILE} names it as one of {file}" for key in missing]
        raise ParamsError(file, faults, step)


def covers(keys: Sequence[str], key: str) -> bool:
    """Whether a stage that names these keys, or their sections, sees this one."""
    return any(key == name or key.startswith(f"{name}.") for name in keys)


def stages_of(key: str, declared: Declared) -> list[str]:
    """The stages that name a key or its section, in either file."""
    return [stage for stage, files in declared.items() if any(covers(keys, key) for keys in files.values())]


def value_of(content: Any, key: str, missing: Any = MISSING) -> Any:
    """The value at a dotted key, `missing` where there is none."""
    for part in key.split("."):
        if not isinstance(content, Mapping) or part not in content:
            return missing
        content = content[part]
    return content


def _leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if value is MISSING:
        return
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _leaves(f"{key}.{name}", inner)
    else:
        yield key, value
