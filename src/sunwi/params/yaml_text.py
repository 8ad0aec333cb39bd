"""YAML that a person wrote: its encoding, its numbers, keys that stand twice."""

from __future__ import annotations

import codecs
import re
from collections.abc import Hashable
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from sunwi.errors import ParamsError

if TYPE_CHECKING:
    FastLoader = yaml.SafeLoader
else:  # by libyaml, ten times as fast, where PyYAML was built with it, as its wheels are
    FastLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class _Rules(SafeConstructor, Resolver):
    """The numbers of YAML 1.2, as DVC reads them, and no key twice in a mapping."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Raises `yaml.MarkedYAMLError` at the second of two equal keys."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    problem = f"the key {key.value!r} occurs twice in one section"
                    raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


_Rules.add_implicit_resolver(  # YAML 1.1 takes 1e2 and 3e-05 for text
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)


class Loader(_Rules, yaml.SafeLoader):
    """PyYAML's own parser, whose messages say more."""


class _FastLoader(_Rules, FastLoader):
    pass


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, without a byte order mark; line ends stay.

    Raises
    ------
    ParamsError
        If there is no such file, or it has another encoding, with the command that converts it.
    """
    if not path.exists():
        raise ParamsError(path, ["the file does not exist; run this in the project's folder"])
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        encoding = encoding_of(content)
        if encoding is None:
            line = content[: error.start].count(b"\n") + 1
            raise ParamsError(path, [f"line {line}: expected UTF-8, found neither it nor CP949"]) from None
        raise ParamsError(
            path,
            [f"expected UTF-8, which DVC needs, found {encoding.upper()}"],
            f"convert the file: {conversion(path, encoding)}",
        ) from None


def encoding_of(content: bytes) -> str | None:
    """The encoding of a text: UTF-8, UTF-16 by its mark, else CP949; None if it can be none of them."""
    for encoding in ("utf-16",) if content.startswith(UTF16) else ("utf-8-sig", "cp949"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return None


def conversion(path: Path, encoding: str) -> str:
    """A command for any shell that rewrites a file in UTF-8."""
    return (
        f"python -c \"from pathlib import Path; p = Path('{path.as_posix()}'); "
        f"p.write_bytes(p.read_bytes().decode('{encoding}').encode())\""
    )


def load_text(text: str, path: Path | str) -> dict[str, Any]:
    """The mapping of a YAML text; an empty text gives an empty mapping.

    Raises
    ------
    ParamsError
        If it is no YAML mapping, with the line.
    """
    try:
        content = deepcopy(_parsed(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f"line {mark.line + 1}: " if mark else ""
        raise ParamsError(path, [f"it is no YAML: {line}{error.problem or error.context}"]) from None
    except RecursionError:
        raise ParamsError(path, ["expected sections and keys, found values nested too deep"]) from None
    except (yaml.YAMLError, ValueError) as error:  # a control character; a date that no calendar has
        raise ParamsError(path, [f"it is no YAML: {error}"]) from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ParamsError(path, [f"expected a mapping of sections, found {type(content).__name__}"])
    return content


@lru_cache(maxsize=64)
def _parsed(text: str) -> Any:
    # A stage reads two files once for each kind of sections, a recipe all others: parsing is the slow part.
    try:
        return yaml.load(text, _FastLoader)  # noqa: S506  a subclass of the safe loader
    except yaml.YAMLError:
        return yaml.load(text, Loader)  # noqa: S506  the same


def read_mapping(path: Path) -> dict[str, Any]:
    """A YAML file as a mapping.

    Raises
    ------
    ParamsError
        As `read_text` and `load_text`.
    """
    return load_text(read_text(path), path)
