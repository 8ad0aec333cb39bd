"""The files under some folders: patterns and an ignore file as Git has them, no link loops, zips opened."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from pathspec import GitIgnoreSpec

from sunwi.documents.archives import Member, members
from sunwi.documents.files import FoundFiles, SourceFile, UnreadFile
from sunwi.documents.sniffing import NotADocument, format_of
from sunwi.errors import DataError

IGNORE_FILE = ".sunwiignore"
MAX_BYTES = 1024**3  # of one file: no reader takes more within its memory
_SYSTEM = {
    "Thumbs.db",
    "desktop.ini",
    "__MACOSX",
}  # of Windows and macOS, beside what starts with "." or "~$"


def find_files(
    paths: Sequence[Path], *, globs: Sequence[str] = (), ignore_file: str = IGNORE_FILE
) -> FoundFiles:
    """All files under `paths` (files or folders), known by content.

    A relative path begins with the given folder's name where several paths are given. Hidden files, Office's
    lock files ("~$...") and folders that are linked a second time are passed over.

    Parameters
    ----------
    globs
        Only paths that match one of these (as .gitignore has them); none: all.
    ignore_file
        Name of a file of patterns, as .gitignore has them, at the top of a folder of `paths`.

    Raises
    ------
    DataError
        If one of `paths` does not exist.
    """
    absent = [str(path) for path in paths if not path.exists()]
    if absent:
        raise DataError(f"there is no file or folder {', '.join(absent)}", "check the names and run again")
    wanted = GitIgnoreSpec.from_lines(globs)
    files: dict[str, SourceFile] = {}
    unread: dict[str, UnreadFile] = {}
    for path in paths:
        ignored = _patterns(path / ignore_file)
        for name, location in _walk(path):
            if ignored.match_file(name) or (globs and not wanted.match_file(name)):
                continue
            shown = f"{_readable(path.resolve().name)}/{name}" if len(paths) > 1 and path.is_dir() else name
            for one in _known(shown, location):
                if one.path in files or one.path in unread:
                    what = "another file has the same name (the two may differ in Unicode's normal form)"
                    one = UnreadFile(  # noqa: PLW2901  what it becomes
                        path=f"{one.path} (2)", format=one.format, reason=what, next_step="rename one of them"
                    )
                if isinstance(one, UnreadFile):
                    unread[one.path] = one
                else:
                    files[one.path] = one
    return FoundFiles(
        files=tuple(files[name] for name in sorted(files)),
        unread=tuple(unread[name] for name in sorted(unread)),
    )


def _patterns(ignore_file: Path) -> GitIgnoreSpec:
    lines = ignore_file.read_text(encoding="utf-8").splitlines() if ignore_file.is_file() else []
    return GitIgnoreSpec.from_lines(lines)


def _walk(top: Path) -> Iterator[tuple[str, Path]]:
    """Relative name and absolute path of each file, sorted; a folder is entered once, by whatever link."""
    if not top.is_dir():
        yield _readable(top.name), top.absolute()
        return
    seen = {_identity(top)}
    folders = [("", top.absolute())]
    while folders:
        prefix, folder = folders.pop()
        inner = []
        for entry in sorted(os.scandir(folder), key=lambda entry: os.fsencode(entry.name)):
            if entry.name.startswith((".", "~$")) or entry.name in _SYSTEM:
                continue
            name = prefix + _readable(entry.name)
            if not entry.is_dir():
                yield name, Path(entry.path)
            elif (identity := _identity(Path(entry.path))) not in seen:
                seen.add(identity)
                inner.append((f"{name}/", Path(entry.path)))
        folders.extend(reversed(inner))


def _identity(folder: Path) -> tuple[int, int]:
    found = folder.stat()
    return found.st_dev, found.st_ino


def _readable(name: str) -> str:
    """A name in NFC; one in CP949 (as old Windows disks and archives have it) is decoded."""
    try:
        name.encode()
    except UnicodeEncodeError:
        name = os.fsencode(name).decode("cp949", errors="replace")
    return unicodedata.normalize("NFC", name)


def _known(name: str, location: Path) -> Iterator[SourceFile | UnreadFile]:
    """One file, or the members of an archive."""
    try:
        size = location.stat().st_size
        if not location.is_file():
            yield _unread(name, "it is no regular file", "name it in .sunwiignore")
            return
        if size > MAX_BYTES:
            what = f"it has {size:,} bytes; the limit is {MAX_BYTES:,}"
            yield _unread(name, what, "split it, or save it without its pictures")
            return
        form = format_of(location, name)
        if form != "zip":
            yield _source(name, form, location, None, size, _hash(location))
            return
        for member in members(location):
            yield _of_archive(name, location, member)
    except OSError as error:
        yield _unread(name, f"it cannot be read: {error.strerror}", "check its owner and mode (ls -l)")


def _of_archive(name: str, location: Path, member: Member) -> SourceFile | UnreadFile:
    path = f"{name}/{_readable(member.shown)}" if member.shown else name
    if member.fault is not None:
        return _unread(path, member.fault.reason, member.fault.next_step)
    if member.format == "zip":
        return _unread(path, "an archive within an archive is not opened", "unpack the outer one", "zip")
    return _source(path, member.format, location, member.name, member.size, member.sha256)


def _source(
    path: str, form: str | NotADocument, location: Path, member: str | None, size: int, sha256: str
) -> SourceFile | UnreadFile:
    if isinstance(form, NotADocument):
        return _unread(path, form.reason, form.next_step)
    return SourceFile(path=path, location=location, member=member, format=form, size=size, sha256=sha256)


def _unread(path: str, reason: str, next_step: str, form: str | None = None) -> UnreadFile:
    return UnreadFile(path=path, format=form, reason=reason, next_step=next_step)


def _hash(location: Path) -> str:
    with location.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
