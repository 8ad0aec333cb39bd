"""What a node consists of: artifacts with their versions and SHA-256, by engine and version."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from sunwi.errors import EngineError
from sunwi.resources import resource_file

Engine = Literal["opensearch", "elasticsearch"]
Group = Literal["base", "ml", "security"]


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file of a Maven repository: GROUP:NAME:VERSION[:EXTENSION[:CLASSIFIER]] and its SHA-256."""

    coordinates: str
    sha256: str

    @property
    def file(self) -> str:
        """The file's name in the repository.

        Examples
        --------
        >>> Artifact("a.b:c:1.0:jar:linux", "").file
        'c-1.0-linux.jar'
        """
        _, name, version, extension, classifier = self._fields()
        return f"{name}-{version}{f'-{classifier}' if classifier else ''}.{extension}"

    @property
    def path(self) -> str:
        """The file's path in the repository.

        Examples
        --------
        >>> Artifact("a.b:c:1.0", "").path
        'a/b/c/1.0/c-1.0.jar'
        """
        group, name, version, _, _ = self._fields()
        return f"{group.replace('.', '/')}/{name}/{version}/{self.file}"

    def _fields(self) -> tuple[str, str, str, str, str]:
        group, name, version, extension, classifier = (*self.coordinates.split(":"), "", "")[:5]
        return group, name, version, extension or "jar", classifier


@dataclass(frozen=True, slots=True)
class Part:
    """One folder of a node's home; a module or plugin has a class, and may extend another one."""

    folder: str
    group: Group
    artifacts: Sequence[Artifact]
    plugin_class: str = ""
    extends: str = ""


@dataclass(frozen=True, slots=True)
class Release:
    """One version of an engine."""

    engine: Engine
    version: str
    java: int
    licence: str
    parts: Sequence[Part]

    def chosen(self, *, ml: bool, secure: bool) -> list[Part]:
        """The parts of a node with these options.

        Raises
        ------
        EngineError
            If the engine has none for an option.
        """
        wanted: dict[Group, bool] = {"base": True, "ml": ml, "security": secure}
        for group, asked in wanted.items():
            if asked and not any(part.group == group for part in self.parts):
                option = {"ml": "--ml", "security": "--secure"}[group]
                what = f"{self.engine} {self.version} has no parts for {option}"
                raise EngineError(self.engine, what, f"leave {option} out, or give --engine opensearch")
        return [part for part in self.parts if wanted[part.group]]


def release(engine: Engine, version: str | None = None) -> Release:
    """A version of an engine; the newest one where none is named.

    Raises
    ------
    EngineError
        If there are no artifacts of this version.
    """
    known: Mapping[str, Any] = _table()[engine]
    number = version or max(known, key=lambda each: tuple(map(int, each.split("."))))
    if number not in known:
        what = f"there is no list of artifacts for version {number}"
        raise EngineError(engine, what, f"give --version {' or '.join(known)}")
    entry = known[number]
    parts = [
        Part(
            part["folder"],
            part["group"],
            _artifacts(part["artifacts"]),
            part.get("class", ""),
            part.get("extends", ""),
        )
        for part in entry["parts"]
    ]
    return Release(engine, number, entry["java"], entry["licence"], parts)


def compiler() -> Artifact:
    """The Java compiler: a machine may have a Java that only runs programs."""
    return _artifacts(_table()["compiler"])[0]


def _artifacts(table: Mapping[str, str]) -> list[Artifact]:
    return [Artifact(coordinates, sha256) for coordinates, sha256 in table.items()]


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(
        resource_file("sunwi.nodes", "artifacts.json").read_text(encoding="utf-8")
    )
    return table
