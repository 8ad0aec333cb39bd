"""Installed packages against the ranges that the project declares and the versions it was tested with."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from sunwi.cli.checks import Finding

TOPIC = "packages"


def check_packages(project: Path) -> list[Finding]:
    """One finding a dependency, and one for each extra."""
    declared = _declared(project / "pyproject.toml")
    if declared is None:
        found = "neither pyproject.toml nor an installed sunwi declares any range"
        return [Finding(TOPIC, "ranges", "note", found, "pip install -e .")]
    needed, extras = declared
    tested = _tested(project / "constraints.txt")
    install = "pip install -e . -c constraints.txt" if tested else "pip install -e ."
    findings = [_dependency(requirement, tested, install) for requirement in needed]
    return findings + [_extra(name, requirements) for name, requirements in sorted(extras.items())]


def _declared(pyproject: Path) -> tuple[list[Any], dict[str, list[Any]]] | None:
    """Requirements and those of each extra: of the project's file, else of the installed package."""
    from packaging.requirements import Requirement

    if pyproject.exists():
        project = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("project", {})
        if project.get("name") == "sunwi":
            extras = project.get("optional-dependencies", {})
            return (
                [Requirement(line) for line in project.get("dependencies", [])],
                {name: [Requirement(line) for line in lines] for name, lines in extras.items()},
            )
    try:
        lines = requires("sunwi") or []
    except PackageNotFoundError:
        return None
    requirements = [Requirement(line) for line in lines]
    return [
        requirement
        for requirement in requirements
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    ], {}


def _tested(constraints: Path) -> dict[str, str]:
    from packaging.utils import canonicalize_name

    if not constraints.exists():
        return {}
    lines = (line.partition("#")[0].partition(";")[0] for line in constraints.read_text("utf-8").splitlines())
    pins = (line.partition("==") for line in lines if "==" in line)
    return {canonicalize_name(name.strip()): pin.strip() for name, _, pin in pins}


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _dependency(requirement: Any, tested: dict[str, str], install: str) -> Finding:
    from packaging.utils import canonicalize_name
    from packaging.version import Version

    name, wanted = requirement.name, str(requirement.specifier) or "any version"
    version = _installed(name)
    if version is None:
        return Finding(TOPIC, name, "missing", f"not installed; wants {wanted}", install)
    if not requirement.specifier.contains(version, prereleases=True):
        return Finding(TOPIC, name, "missing", f"{version}; wants {wanted}", install)
    pin = tested.get(canonicalize_name(name))
    # A build's own label (2.13.0+cpu, +cu128) is no other version.
    if pin is not None and Version(pin).public != Version(version).public:
        return Finding(TOPIC, name, "note", f"{version}; tested with {pin}", install)
    return Finding(TOPIC, name, "ok", f"{version} ({wanted})")


def _extra(name: str, requirements: list[Any]) -> Finding:
    label, fix = f"extra {name}", f"pip install 'sunwi[{name}]'"
    absent = [requirement.name for requirement in requirements if _installed(requirement.name) is None]
    if absent:
        return Finding(TOPIC, label, "note", f"not installed: {', '.join(absent)}", fix)
    wrong = [
        f"{requirement.name} {version}; wants {requirement.specifier}"
        for requirement in requirements
        if not requirement.specifier.contains(version := _installed(requirement.name), prereleases=True)
    ]
    if wrong:
        return Finding(TOPIC, label, "note", ", ".join(wrong), fix)
    return Finding(TOPIC, label, "ok", "there")
