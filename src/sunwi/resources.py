"""The package's own data files, named by literals: `sunwi graph` reads the calls and counts the files as
dependencies of every stage that reaches the module."""

from __future__ import annotations

from importlib.resources import files  # noqa: TID251  the one place
from importlib.resources.abc import Traversable


def resource_folder(package: str) -> Traversable:
    """A folder of data files, such as "sunwi.qa.prompts"; all its files count as read.

    The argument must be a string literal at the call. The folder needs no `__init__.py`.
    """
    return files(package)


def resource_file(package: str, name: str) -> Traversable:
    """One file of a folder; it alone counts as read, and it may be a module that is read as text.

    Both arguments must be string literals at the call.
    """
    return files(package).joinpath(name)
