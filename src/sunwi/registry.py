"""Registries: the members of one kind are the modules of one folder, and everything else reads their names.

A member is a file of the folder that defines the registry's constant. Names are listed without importing a
member, so params.yaml can be checked before anything of it is loaded.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from importlib.machinery import PathFinder
from pkgutil import iter_modules
from typing import Any, Generic, TypeVar

from sunwi.errors import DataError

M = TypeVar("M")


def names_in(package: str) -> list[str]:
    """Public module names of a package of this one, sorted; neither it nor its modules are imported.

    Examples
    --------
    >>> "registry" in names_in("sunwi")
    True
    """
    return sorted(one.name for one in iter_modules(_folders(package)) if not one.name.startswith("_"))


def _folders(package: str) -> Iterable[str]:
    """The package's search path: of the imported package where there is one, else found from its parent's."""
    if (loaded := sys.modules.get(package)) is not None:
        return list(loaded.__path__)
    parent, _, _ = package.rpartition(".")
    spec = PathFinder.find_spec(package, list(_folders(parent)) if parent else None)
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError(f"there is no package {package}", name=package)
    return spec.submodule_search_locations


class Registry(Generic[M]):
    """The members of one folder by their modules' names."""

    def __init__(self, package: str, constant: str, kind: type[Any]) -> None:
        """A folder of members.

        Parameters
        ----------
        package
            Dotted name of the folder, written out where the registry is made: what a stage depends on is
            read from the source.
        constant
            What each member module defines.
        kind
            What that must be an instance of.
        """
        self.package = package
        self.constant = constant
        self.kind = kind

    @property
    def names(self) -> list[str]:
        """Names of the members, sorted; none is imported."""
        return names_in(self.package)

    def load(self, name: str) -> M:
        """Import one member.

        Raises
        ------
        DataError
            If there is no member of that name, or its module does not define the constant.
        """
        if name not in self.names:
            what = f"there is no {name!r} in {self.package}"
            raise DataError(what, f"use one of {', '.join(self.names)}, or add the file {name}.py there")
        module = importlib.import_module(f"{self.package}.{name}")
        member = getattr(module, self.constant, None)
        if not isinstance(member, self.kind):
            what = (
                f"{module.__name__} should define {self.constant}, a {self.kind.__name__}; found {member!r}"
            )
            raise DataError(what, "define it at the end of that file, or start the file's name with _")
        found: M = member
        return found

    def all(self) -> dict[str, M]:
        """Every member by its name, sorted."""
        return {name: self.load(name) for name in self.names}
