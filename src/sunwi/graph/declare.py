"""Files as entries of dvc.yaml: one entry for a folder where all of its files are dependencies."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Sequence

from sunwi.graph.tree import PACKAGE, SRC, STAGES, Tree

NEVER = frozenset({SRC, f"{SRC}/{PACKAGE}", STAGES})  # they would make every edit one of every stage


def entries_of(tree: Tree, scripts: Sequence[str], files: Collection[str]) -> list[str]:
    """Entries for `files`: scripts first, the others sorted; one entry for a folder with all its files."""
    wanted = frozenset(files)
    entries = {_entry(tree, file, wanted) for file in wanted.difference(scripts)}
    return [*dict.fromkeys(scripts), *sorted(entries)]


def files_of(tree: Tree, entries: Iterable[str]) -> set[str]:
    """The files that entries name; an entry that does not exist is taken as a file."""
    files: set[str] = set()
    for entry in map(posixpath.normpath, entries):
        files |= tree.files_under(entry) if tree.is_folder(entry) else {entry}
    return files


def _entry(tree: Tree, file: str, wanted: frozenset[str]) -> str:
    parts = file.split("/")
    folders = ("/".join(parts[:count]) for count in range(1, len(parts)))
    full = (folder for folder in folders if folder not in NEVER and tree.files_under(folder) <= wanted)
    return next(full, file)
