"""Every key with its type, range, default and text, read from the typed sections."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml
from pydantic import BaseModel

from sunwi.params.decided import DECIDED
from sunwi.params.reading import DEFAULTS_FILE, PARAMS_FILE, sections_of
from sunwi.params.whole import Params

HEAD = f"""\
# Defaults of all other keys, written by `sunwi params --write`; docs/parameters.md says more of each.
# To change one write it in {PARAMS_FILE}, or for one experiment: dvc exp run -S {DEFAULTS_FILE}:KEY=VALUE
"""


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its dotted name, type, range, default (None where it is required) and what it does."""

    name: str
    type: str
    range: str
    default: Any
    text: str
    required: bool = False

    @property
    def file(self) -> str:
        """The file that has it."""
        return PARAMS_FILE if self.name in DECIDED else DEFAULTS_FILE


def keys_of(model: type[BaseModel] = Params, section: str = "") -> Iterator[Key]:
    """The keys of a model, section by section; the variants' settings are keys of models of their own."""
    schema = model.model_json_schema(by_alias=True)
    texts, sections = texts_of(model), sections_of(model)
    for name, field in model.model_fields.items():
        shown = field.alias or name
        if name in sections:
            yield from keys_of(sections[name], f"{section}{shown}.")
            continue
        shape = _resolved(schema["properties"][shown], schema.get("$defs", {}))
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        yield Key(f"{section}{shown}", _type(shape), _range(shape), default, texts[name], field.is_required())


@cache
def texts_of(model: type[BaseModel]) -> Mapping[str, str]:
    """Field name to the docstring below it, of a model and the models that it inherits from.

    pydantic has this as `use_attribute_docstrings`, at the cost of 0.1 s at every start.
    """
    texts: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if kind is BaseModel or not issubclass(kind, BaseModel):
            continue
        body = ast.parse(inspect.getsource(kind)).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, text in zip(body.body, body.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
                assert isinstance(field.target, ast.Name)
                assert isinstance(text.value, ast.Constant)
                texts[field.target.id] = str(text.value.value)
    return texts


def defaults_text() -> str:
    """The text of params/defaults.yaml."""
    lines = [HEAD]
    above: list[str] = []
    for key in keys_of():
        if key.file == PARAMS_FILE:
            continue
        *sections, name = key.name.split(".")
        new = [n for n in range(len(sections)) if sections[: n + 1] != above[: n + 1]]
        lines += [f"{'  ' * n}{sections[n]}:" for n in new]
        above = sections
        lines.append(f"{'  ' * len(sections)}{name}: {yaml_value(key.default)} # {key.text}")
    return "\n".join(lines) + "\n"


def yaml_value(value: Any) -> str:
    """A value in one line of YAML."""
    text: str = yaml.safe_dump(
        value, default_flow_style=True, allow_unicode=True, width=4096, sort_keys=False
    )
    return text.removesuffix("\n").removesuffix("\n...")


def _resolved(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in schema:
        return _resolved(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
    return {
        key: [_resolved(option, definitions) for option in value]
        if key in ("anyOf", "allOf")
        else _resolved(value, definitions)
        if key in ("items", "additionalProperties", "propertyNames") and isinstance(value, Mapping)
        else value
        for key, value in schema.items()
    }


NAMES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}


def _type(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(choice) for choice in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        return "choice"
    kind = schema.get("type", "mapping")
    if kind == "array":
        return f"list of {_type(schema['items'])}s" if "items" in schema else "list"
    return {"null": "null", "object": "mapping"}.get(kind) or NAMES.get(kind, kind)


def _range(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return "; ".join(filter(None, dict.fromkeys(_range(choice) for choice in schema["anyOf"])))
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    inner = schema.get("items") or schema.get("additionalProperties")
    bounds = [
        f"{sign} {json.dumps(schema[key])}"
        for key, sign in (
            ("exclusiveMinimum", ">"), ("minimum", "≥"), ("exclusiveMaximum", "<"), ("maximum", "≤"),
        )
        if key in schema
    ]  # fmt: skip
    if "pattern" in schema:
        bounds.append(f"`{schema['pattern']}`")
    if schema.get("minItems"):
        bounds.append(f"{schema['minItems']} or more")
    if isinstance(inner, Mapping) and (of_each := _range(inner)):
        bounds.append(f"each {of_each}" if not ("enum" in inner or "const" in inner) else f"of {of_each}")
    return ", ".join(bounds)
