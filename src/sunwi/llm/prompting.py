"""Prompt files and answers in JSON: what every task that asks an LLM shares."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources.abc import Traversable
from math import isfinite
from string import Template
from typing import Any

from sunwi.llm.json_text import decode_first, repaired, unfenced
from sunwi.llm.outcome import Malformed

_REFUSED = object()  # replaces NaN and infinity, which JSON does not have


def read_prompt(folder: Traversable, task: str) -> str:
    """Text of TASK.txt in a folder of prompts (`sunwi.resources.resource_folder`)."""
    return folder.joinpath(f"{task}.txt").read_text(encoding="utf-8").strip()


def fill(prompt: str, values: Mapping[str, str]) -> str:
    """The prompt with its `$names` replaced once: text of a value is never read as a name.

    Raises
    ------
    KeyError
        If a name has no value.
    """
    return Template(prompt).substitute(values)


def read_object(text: str) -> dict[str, Any]:
    """The JSON object of an answer, alone or between fences or words; slips in its form are repaired.

    Raises
    ------
    Malformed
        If there is none, or several; NaN and infinity, doubled keys and deep nesting are refused.

    Examples
    --------
    >>> read_object('```json\\n{"ranking": [2, 1],}\\n```')
    {'ranking': [2, 1]}
    """
    bare = unfenced(text)
    start, end = bare.find("{"), bare.rfind("}") + 1
    if start < 0 or end <= start:
        raise Malformed("expected a JSON object, found none")
    try:
        value, length = decode_first(bare[start:], _REFUSED)
        if '{"' in "".join(bare[start + length :].split()):
            raise Malformed("expected one JSON object, found several")
    except Malformed as fault:
        try:
            value = repaired(bare[start:end])
        except Malformed:
            raise fault from None
    if not isinstance(value, dict):
        raise Malformed("expected a JSON object")
    if _holds_refused(value):
        raise Malformed("the JSON object contains NaN or infinity")
    return value


def _holds_refused(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_holds_refused, value.values() if isinstance(value, dict) else value))
    return value is _REFUSED or (isinstance(value, float) and not isfinite(value))
