"""The fields of the API's paths in words, from its OpenAPI schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

LIMITS = {
    "minimum": "from {:g}", "maximum": "to {:g}", "minLength": "{} characters at least",
    "maxLength": "{} characters at most", "minItems": "{} items at least", "maxItems": "{} items at most",
}  # fmt: skip


def fields_of(schema: Mapping[str, Any], entry: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Name, type with limits, and default ("required" if there is none) of what one path takes."""
    return [(name, described(about), default) for name, about, default in _fields(schema, entry)]


def _fields(
    schema: Mapping[str, Any], entry: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    for parameter in entry.get("parameters", []):
        about = parameter["schema"]
        yield parameter["name"], about, _default(about, required=parameter.get("required", False))
    if body := entry.get("requestBody"):
        name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        model = schema["components"]["schemas"][name]
        for field, about in model["properties"].items():
            yield field, about, _default(about, required=field in model.get("required", []))


def _default(about: Mapping[str, Any], *, required: bool) -> str:
    return "required" if required else json.dumps(about.get("default"), ensure_ascii=False)


def described(about: Mapping[str, Any]) -> str:
    """A type with its limits.

    Examples
    --------
    >>> described({"anyOf": [{"type": "integer", "minimum": 1.0, "maximum": 100.0}, {"type": "null"}]})
    'integer, from 1, to 100 or null'
    >>> described({"type": "array", "items": {"type": "string"}, "maxItems": 8})
    'list of string, 8 items at most'
    """
    if "anyOf" in about:
        return " or ".join(described(one) for one in about["anyOf"])
    if "enum" in about or "const" in about:
        kind = " | ".join(json.dumps(value) for value in about.get("enum", [about.get("const")]))
    elif about.get("type") == "array":
        kind = f"list of {described(about.get('items', {}))}"
    else:
        kind = str(about.get("type") or about.get("$ref", "").rpartition("/")[2] or "any")
    return ", ".join([kind, *(text.format(about[limit]) for limit, text in LIMITS.items() if limit in about)])
