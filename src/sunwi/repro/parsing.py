"""YAML that DVC parses again and again in one run: dvc.lock twice, params.yaml for each stage."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import lru_cache
from typing import Any

Parse = Callable[..., Any]
TEXTS = 16  # that are kept


def parsing_once(parse: Parse) -> Parse:
    """DVC's `parse_yaml`, which parses a text once; each caller has a copy of its own.

    What keeps comments (typ "rt") is parsed each time.
    """

    @lru_cache(maxsize=TEXTS)
    def parsed(text: str, path: str) -> Any:
        return parse(text, path)

    def parse_yaml(text: str, path: str, typ: str = "safe") -> Any:
        return deepcopy(parsed(text, str(path))) if typ == "safe" else parse(text, path, typ)

    return parse_yaml
