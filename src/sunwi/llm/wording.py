"""Prompt files and answers in JSON: what every task that asks an LLM shares."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from string import Template
from typing import Any

from sunwi.llm.outcome import Malformed

_FENCE = re.compile(r"^```[a-zA-Z]*\s*|\s*```$")


def read_prompt(folder: Traversable, task: str) -> str:
    """Text of TASK.txt in a folder of prompts (`sunwi.resources.resource_folder`)."""
    return folder.joinpath(f"{task}.txt").read_text(encoding="utf-8").strip()


def fill(prompt: str, values: Mapping[str, str]) -> str:
    """The prompt with its `$names` replaced once: what a value holds is never read as a name.

    Raises
    ------
    KeyError
        If a name has no value.
    """
    return Template(prompt).substitute(values)


def read_object(text: str) -> dict[str, Any]:
    """The JSON object of an answer, alone or between fences or words.

    Raises
    ------
    Malformed
        If there is none; NaN and infinity are refused.

    Examples
    --------
    >>> read_object('```json\\n{"ranking": [2, 1]}\\n```')
    {'ranking': [2, 1]}
    """
    bare = _FENCE.sub("", text.strip())
    start, end = bare.find("{"), bare.rfind("}")
    if start < 0 or end < start:
        raise Malformed("expected a JSON object, found none")
    try:
        value = json.loads(bare[start : end + 1], parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise Malformed(f"the JSON object cannot be read: {error}") from None
    if not isinstance(value, dict):
        raise Malformed("expected a JSON object")
    return value


def _refuse(constant: str) -> float:
    raise Malformed(f"the JSON object holds {constant}")
