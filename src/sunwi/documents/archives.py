"""Zip archives in a folder: their members are files of their own, within bounds of number and size."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from sunwi.documents.sniffing import PASSWORD, NotADocument, format_of

MAX_MEMBERS = 10_000
MAX_UNPACKED = 1024**3  # bytes of all members together, as the archive states and as they come
MAX_RATIO = 300  # of a member's size to its packed size above 10 MB: no document packs like that
_BIG = 10 * 1024**2
_PIECE = 1024**2
_UTF8_NAME, _ENCRYPTED = 0x800, 0x1


@dataclass(frozen=True, slots=True)
class Member:
    """A member: its `name` in the archive, `shown` to a person (None for the archive as a whole)."""

    name: str
    shown: str | None
    format: str | NotADocument = ""
    size: int = 0
    sha256: str = ""
    fault: NotADocument | None = None


def members(location: Path) -> Iterator[Member]:
    """The members of an archive that are files, or one fault of the whole."""
    with zipfile.ZipFile(location) as archive:
        listed = [one for one in archive.infolist() if not _name(one).endswith("/") and not _hidden(one)]
        if not listed:
            yield Member("", None, fault=NotADocument("it is an archive without files", "delete it"))
            return
        total = sum(one.file_size for one in listed)
        if (fault := _too_large(listed, total)) is not None:
            yield Member("", None, fault=fault)
            return
        for one in sorted(listed, key=lambda one: one.filename):
            yield _member(archive, one)


def unpacked(location: Path, name: str, target: Path) -> None:
    """Write one member to `target`, within the bounds.

    Raises
    ------
    ValueError
        If it is larger than the archive states or than the bound.
    """
    with zipfile.ZipFile(location) as archive, archive.open(name) as packed, target.open("wb") as file:
        _copy(packed, file, archive.getinfo(name).file_size)


def _member(archive: zipfile.ZipFile, one: zipfile.ZipInfo) -> Member:
    shown = _name(one)
    if one.flag_bits & _ENCRYPTED:
        return Member(one.filename, shown, fault=NotADocument("the archive has a password", PASSWORD))
    if one.file_size == 0:
        return Member(one.filename, shown, fault=NotADocument("the file has 0 bytes", "delete it"))
    try:
        with tempfile.NamedTemporaryFile() as file:
            with archive.open(one) as packed:
                sha256 = _copy(packed, file, one.file_size)
            file.flush()
            return Member(one.filename, shown, format_of(Path(file.name), shown), one.file_size, sha256)
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        what = f"it cannot be unpacked ({error})"
        return Member(one.filename, shown, fault=NotADocument(what, "unpack the archive by hand"))
    except Exception as error:
        what = f"it is damaged ({error})"
        return Member(one.filename, shown, fault=NotADocument(what, "copy the archive again"))


def _copy(packed: object, file: object, size: int) -> str:
    digest, done = hashlib.sha256(), 0
    while piece := packed.read(_PIECE):  # type: ignore[attr-defined]  # any binary file
        done += len(piece)
        if done > min(size, MAX_UNPACKED):
            raise ValueError("larger than the archive states")
        digest.update(piece)
        file.write(piece)  # type: ignore[attr-defined]  # any binary file
    return digest.hexdigest()


def _too_large(listed: list[zipfile.ZipInfo], total: int) -> NotADocument | None:
    step = "unpack it by hand, look at what is in it, and give the folder"
    if len(listed) > MAX_MEMBERS:
        return NotADocument(f"it packs {len(listed):,} files; the limit is {MAX_MEMBERS:,}", step)
    if total > MAX_UNPACKED:
        return NotADocument(f"it unpacks to {total:,} bytes; the limit is {MAX_UNPACKED:,}", step)
    for one in listed:
        if one.file_size > _BIG and one.file_size > MAX_RATIO * max(one.compress_size, 1):
            ratio = one.file_size // max(one.compress_size, 1)
            return NotADocument(f"it is packed {ratio:,} to 1, as no document is (a zip bomb?)", step)
    return None


def _name(one: zipfile.ZipInfo) -> str:
    """A member's name with "/" between folders: old programs of Windows write a backslash."""
    name = _decoded(one)
    return PureWindowsPath(name).as_posix() + "/" * name.endswith(("/", "\\")) if "\\" in name else name


def _decoded(one: zipfile.ZipInfo) -> str:
    """Without the flag for UTF-8, zipfile takes a name for CP437: it may be CP949 or UTF-8."""
    if one.flag_bits & _UTF8_NAME:
        return one.filename
    try:
        raw = one.filename.encode("cp437")
    except UnicodeEncodeError:
        return one.filename
    for encoding in ("utf-8", "cp949"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return one.filename


def _hidden(one: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(_name(one)).parts
    return any(part.startswith((".", "~$")) or part == "__MACOSX" for part in parts)
