"""Files as entries of dvc.yaml: one entry for a folder of which a stage reaches much.

DVC parses and writes the whole dvc.lock after every stage; a thousand dependencies cost it almost a second.
So a stage declares a folder as soon as it reaches half of its files, at the price that an edit of the other
half runs it too. A stage whose work takes minutes says `meta: {code: exact}` in dvc.yaml: there a folder
is an entry only with all of its files.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Sequence

from sunwi.graph.tree import PACKAGE, SRC, STAGES, Tree

NEVER = frozenset({SRC, f"{SRC}/{PACKAGE}", STAGES})  # they would make every edit one of every stage
SHARE = 0.5  # of a folder's files, below it too


def entries_of(
    tree: Tree, scripts: Sequence[str], files: Collection[str], *, exact: bool = False
) -> list[str]:
    """Entries for `files`: scripts first, the others sorted; one entry for a folder with enough of its files.

    Enough are `SHARE` of them, or with `exact` all.
    """
    wanted, share = frozenset(files), 1.0 if exact else SHARE
    entries = {_entry(tree, file, wanted, share) for file in wanted.difference(scripts)}
    return [*dict.fromkeys(scripts), *sorted(entries)]


def files_of(tree: Tree, entries: Iterable[str]) -> set[str]:
    """The files that entries name; an entry that does not exist is taken as a file."""
    files: set[str] = set()
    for entry in map(posixpath.normpath, entries):
        files |= tree.files_under(entry) if tree.is_folder(entry) else {entry}
    return files


def _entry(tree: Tree, file: str, wanted: frozenset[str], share: float) -> str:
    parts = file.split("/")
    folders = ("/".join(parts[:count]) for count in range(1, len(parts)))
    return next((folder for folder in folders if _enough(tree, folder, wanted, share)), file)


def _enough(tree: Tree, folder: str, wanted: frozenset[str], share: float) -> bool:
    if folder in NEVER:
        return False
    inside = tree.files_under(folder)
    return len(inside & wanted) >= share * len(inside)
