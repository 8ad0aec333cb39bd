"""The folder of an import: replaced as a whole or not at all, and never one that a person wrote."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from sunwi.errors import DataError
from sunwi.records.files import write_json
from sunwi.runtime import file_hash

MANIFEST = ".sunwi_import.json"
PENDING = (
    ".sunwi_import.part"  # in a new folder until the old one is deleted: what a kill leaves is known by it
)
ANOTHER = "give another folder by --out"
_SHOWN = 20


def check_inputs_apart(folder: Path, inputs: Iterable[Path]) -> None:
    """Refuse a folder that is an input, or is inside one, or holds one: an import would overwrite its input.

    Raises
    ------
    DataError
        Naming the input.
    """
    target = _resolved(folder)
    ours = (target, *_beside(target))
    for given in inputs:
        source = _resolved(given)
        if any(source == own or own in source.parents or source in own.parents for own in ours):
            what = f"--out {folder} and the input {given} are the same, or one is inside the other"
            raise DataError(f"{what}; an import never writes over what it reads", ANOTHER)


def check_replaceable(folder: Path, *, force: bool) -> list[str]:
    """Refuse a folder that an import may not replace; return the names of what it will overwrite or delete.

    A folder may be replaced if it is absent or empty, or if an earlier import wrote it and its manifest's
    hashes still hold with no other file beside them: then nothing is named. `force` takes others too.
    A file that was deleted since is no one's loss.

    Raises
    ------
    DataError
        If `folder` is no folder, holds the current folder or folders of its own, or, without `force`,
        files that no import wrote. Naming them.
    """
    _check_folder(folder)
    target = _resolved(folder)
    here = Path.cwd().resolve()
    if target == here or target in here.parents:
        raise DataError(f"--out {folder} is or holds the current folder", ANOTHER)
    if not target.exists():
        return []
    names = sorted(entry.name for entry in target.iterdir() if entry.name != MANIFEST)
    if folders := [name for name in names if (target / name).is_dir()]:
        raise DataError(f"{folder} holds folders, which no import writes: {_listed(folders)}", ANOTHER)
    if not (changed := _not_of_an_import(target, names)):
        return []
    if not force:
        what = f"{folder} holds files that an import did not write, or that were edited since"
        raise DataError(f"{what}: {_listed(changed)}", f"{ANOTHER}, or overwrite them by --force")
    return changed


def replace_folder(
    folder: Path, write: Callable[[Path], None], finish: Callable[[], None], keep: Sequence[str] = ()
) -> None:
    """Write a new folder beside `folder`, and put it in its place when all of it is there.

    `folder` is renamed aside, the new one renamed in, `finish` called, and the old one deleted. Whatever
    goes wrong before, in `finish` too, leaves `folder` as it was; after a kill `recover` does.

    Parameters
    ----------
    write
        Writes the files into the folder that it is given.
    finish
        What has to hold together with the new folder.
    keep
        Names of files of the folder as it is now, which stay beside the new ones; not in the manifest.

    Raises
    ------
    DataError
        If the folder cannot be written or replaced, or a text is none that UTF-8 holds.
    """
    target = _resolved(folder)
    made = [parent for parent in target.parents if not parent.exists()]
    try:
        _replace(target, write, finish, keep)
    except UnicodeEncodeError as error:
        what = f"a text holds half of a character ({error.object[error.start]!a}), which UTF-8 cannot hold"
        raise DataError(f"{what}; nothing was written", "remove it from the input") from None
    except OSError as error:
        what = f"{folder} cannot be written: {error.strerror or error}; nothing was changed"
        raise DataError(what, f"free disk space or allow writing there, or {ANOTHER}") from None
    finally:
        if not target.exists():
            for parent in made:
                with suppress(OSError):  # somebody else has put something there
                    parent.rmdir()


def recover(folder: Path) -> str | None:
    """Clean up after an import that was killed; return what was done, or None.

    Killed before the new folder was in its place, the old one is put back. Killed after, the new one stays.

    Raises
    ------
    DataError
        If a folder of those names is none of an import's, or cannot be renamed or removed.
    """
    target = _resolved(folder)
    try:
        done = _recover(target)
    except OSError as error:
        what = f"cannot clean up after an import that was stopped: {error}"
        raise DataError(what, f"allow writing in {target.parent}, or {ANOTHER}") from None
    return done and f"an earlier import into {folder} {done}"


def _recover(target: Path) -> str | None:
    partial, old = _beside(target)
    for mark in (target / PENDING, partial / PENDING):
        _check_unlocked(mark)
    if (target / PENDING).exists():
        if old.exists():
            _delete(old)
        (target / PENDING).unlink()
        return "was stopped at its end; the folder is the new one"
    if partial.exists():
        names = [entry.name for entry in partial.iterdir()]
        if names and PENDING not in names:
            raise DataError(
                f"{partial} has the name that this import needs, and no import wrote it",
                f"move it, or {ANOTHER}",
            )
        if old.exists() and not target.exists():
            old.rename(target)
        _delete(partial)
        return "was stopped before its end; the folder is as it was before"
    if old.exists():
        raise DataError(
            f"{old} has the name that this import needs, and no import wrote it", f"move it, or {ANOTHER}"
        )
    return None


def _check_unlocked(mark: Path) -> None:
    if not mark.exists():
        return
    with mark.open("r+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            what = f"another import writes into {mark.parent} now"
            raise DataError(what, f"wait until it has ended, or {ANOTHER}") from None


def _replace(
    target: Path, write: Callable[[Path], None], finish: Callable[[], None], keep: Sequence[str]
) -> None:
    partial, _ = _beside(target)
    partial.mkdir(parents=True)
    with (partial / PENDING).open("w", encoding="utf-8") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)  # the system lets go of it where this process is killed
        _write_and_swap(target, write, finish, keep)


def _write_and_swap(
    target: Path, write: Callable[[Path], None], finish: Callable[[], None], keep: Sequence[str]
) -> None:
    partial, old = _beside(target)
    try:
        write(partial)
        hashes = {
            entry.name: file_hash(entry) for entry in sorted(partial.iterdir()) if entry.name != PENDING
        }
        for name in keep:
            if name not in hashes:
                shutil.copy2(target / name, partial / name, follow_symlinks=False)
        write_json(partial / MANIFEST, hashes)
        existed = target.exists()
        if existed:
            partial.chmod(stat.S_IMODE(target.stat().st_mode) | stat.S_IRWXU)
            target.rename(old)
        try:
            partial.rename(target)
            finish()
        except BaseException:
            if target.exists():
                target.rename(partial)
            if existed:
                old.rename(target)
            raise
    except BaseException:
        _delete(partial)
        raise
    if existed:
        _delete(old)
    (target / PENDING).unlink()


def _beside(target: Path) -> tuple[Path, Path]:
    """The names of the new folder while it is written and of the old one until it is deleted."""
    return target.with_name(f".{target.name}.importing"), target.with_name(f".{target.name}.old")


def _resolved(path: Path) -> Path:
    """The absolute path without links; one that goes in circles, which `resolve` raises for, stays."""
    return Path(os.path.realpath(path))


def _check_folder(folder: Path) -> None:
    try:
        str(folder).encode("utf-8")
    except UnicodeEncodeError:
        raise DataError(f"--out {folder} is no name in UTF-8, which params.yaml needs", ANOTHER) from None
    for part in (folder, *folder.parents):
        if part.exists() and not part.is_dir():
            raise DataError(f"--out wants a folder; {part} is a file", ANOTHER)


def _not_of_an_import(target: Path, names: Sequence[str]) -> list[str]:
    """Names of the files that the manifest does not hold with the hash that they have now."""
    try:
        hashes = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # none, or edited
        hashes = {}
    known = hashes if isinstance(hashes, dict) else {}
    return [name for name in names if name not in known or known[name] != file_hash(target / name)]


def _delete(folder: Path) -> None:
    """Delete a folder of files; the mark last, so that a kill leaves what is known for an import's."""
    folder.chmod(stat.S_IMODE(folder.stat().st_mode) | stat.S_IRWXU)  # a folder may be read-only
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name == PENDING):
        entry.unlink()
    folder.rmdir()


def _listed(names: Sequence[str]) -> str:
    rest = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + rest
