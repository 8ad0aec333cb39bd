"""The files of a project as git would track them, and the file of each module's name.

Paths are relative to the project's folder, with "/".
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

PACKAGE, SRC, STAGES = "sunwi", "src", "stages"
LEFT_OUT = ("__pycache__",)  # and what begins with a dot
LEFT_OUT_SUFFIXES = (".pyc", ".part")


def is_code(path: str) -> bool:
    """Whether a dependency of a stage is code: a path under src/ or stages/."""
    return path.startswith((f"{SRC}/", f"{STAGES}/"))


class Tree:
    """A project's folder; what was looked up is kept, so a tree is not for a folder that changes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.is_file = cache(lambda path: (root / path).is_file())
        self.is_folder = cache(lambda path: (root / path).is_dir())
        self.files_under = cache(self._files_under)

    def module(self, base: str, name: str) -> str | None:
        """The file of a module below `base`: of a package its __init__.py."""
        stem = f"{base}/{name.replace('.', '/')}"
        return next((file for file in (f"{stem}/__init__.py", f"{stem}.py") if self.is_file(file)), None)

    def packages(self, base: str, name: str) -> list[str]:
        """The __init__.py files that an import of `name` runs before it."""
        parts = name.split(".")
        above = [f"{base}/{'/'.join(parts[:count])}/__init__.py" for count in range(1, len(parts))]
        return [file for file in above if self.is_file(file)]

    def _files_under(self, folder: str) -> frozenset[str]:
        files: set[str] = set()
        for path in (self.root / folder).iterdir():
            name = f"{folder}/{path.name}"
            if path.name.startswith(".") or path.name in LEFT_OUT or path.suffix in LEFT_OUT_SUFFIXES:
                continue
            if path.is_dir():
                files |= self.files_under(name)
            else:
                files.add(name)
        return frozenset(files)
