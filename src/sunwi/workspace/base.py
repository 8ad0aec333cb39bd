"""The project in a folder, as stages and the command line see it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from pydantic import BaseModel

from sunwi.params.reading import PARAMS_FILE, read_params

S = TypeVar("S", bound=BaseModel)
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
P = ParamSpec("P")


class Workspace:
    """A project's folder; what is loaded from it is kept.

    The other modules of this package are functions of a workspace, one part of the project each.
    """

    def __init__(self, root: Path = Path()) -> None:
        self.root = root
        self._kept: dict[Hashable, Any] = {}

    def params(self, kind: type[S]) -> S:
        """The sections of params.yaml that `kind` has.

        Raises
        ------
        ParamsError
            Naming every key of these sections that is unknown, of a wrong type or out of range.
        """
        return self.once(kind, lambda: read_params(kind, self.root / PARAMS_FILE))

    def path(self, path: Path) -> Path:
        """A path of `sunwi.paths` in this project."""
        return self.root / path

    def once(self, key: Hashable, load: Callable[[], T]) -> T:
        """What `load` gives, called at the first use of the key."""
        if key not in self._kept:
            self._kept[key] = load()
        loaded: T = self._kept[key]
        return loaded


class Loader(Protocol[P, T_co]):
    """A function of a workspace, by position, and of other arguments."""

    def __call__(self, workspace: Workspace, /, *args: P.args, **kwargs: P.kwargs) -> T_co: ...


def loaded_once(load: Callable[Concatenate[Workspace, P], T]) -> Loader[P, T]:
    """A function of a workspace and hashable arguments, called once a workspace for the same arguments."""

    @wraps(load)
    def loaded(workspace: Workspace, /, *args: P.args, **kwargs: P.kwargs) -> T:
        key = (load, args, tuple(sorted(kwargs.items())))
        return workspace.once(key, lambda: load(workspace, *args, **kwargs))

    return loaded
