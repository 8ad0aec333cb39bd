"""Errors of the system and of libraries as sentences: one place for the command line and for the stages."""

from __future__ import annotations

import errno
import json
import os
import re
import shlex
import sqlite3
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from sunwi.errors import SunwiError, SystemFault, printable

SHOW_TRACEBACK = "SUNWI_TRACEBACK"  # set to anything: the original error is printed first, with its traceback
ROOM = "make room (`df -h .` shows the disks, `dvc gc --workspace` deletes old outputs) and run again"
LOOK = "run `ls -ld` on the file and on its folder, and correct the owner or the mode"
SYSTEM = {  # errno to what was found, and the next step
    errno.ENOENT: ("there is no such file or folder", "check the name; paths start in the current folder"),
    errno.EACCES: ("this user may not read or write there", LOOK),
    errno.EPERM: ("this user may not read or write there", LOOK),
    errno.EROFS: ("the file system is read-only", "choose a folder that can be written"),
    errno.ENOSPC: ("the disk is full", ROOM),
    errno.EDQUOT: ("the disk quota is used up", ROOM),
    errno.EFBIG: ("the file would be larger than this process may write", "raise `ulimit -f` and run again"),
    errno.EISDIR: ("expected a file, found a folder", "name a file"),
    errno.ENOTDIR: ("expected a folder, found a file", "name a folder"),
    errno.EEXIST: ("something of that name exists already", "choose another name"),
    errno.EMFILE: ("too many files are open", "raise `ulimit -n` and run again"),
    errno.ENAMETOOLONG: ("the name is too long for the file system", "choose a shorter name"),
}
DATABASE = (  # a part of SQLite's message, what was found, and the next step
    ("full", "the disk is full", ROOM),
    ("readonly", "this user may not write there", LOOK),
    ("unable to open", "the database cannot be opened", LOOK),
    ("disk I/O", "the disk is full or cannot be written", ROOM),
    ("locked", "another process has kept the database locked for a minute", "wait for it and run again"),
)
NAMES = ("path", "file", "folder")  # local variables that hold the file at hand
PARTIAL = re.compile(r"^\.(.+)\.\d+\.part$")  # of runtime.atomic_write


@contextmanager
def reported() -> Iterator[None]:
    """End the process with exit code 1 and one message on stderr at an error that a person can act on.

    Any other error is a fault of the program and keeps its traceback.
    """
    try:
        yield
    except Exception as error:
        fault = error if isinstance(error, SunwiError) else system_fault(error)
        if fault is None:
            raise
        if os.environ.get(SHOW_TRACEBACK):
            print(printable("".join(traceback.format_exception(error))), file=sys.stderr)  # noqa: T201  commands and stages print
        print(fault, file=sys.stderr)  # noqa: T201  commands and stages print
        raise SystemExit(1) from fault


def system_fault(error: Exception) -> SystemFault | None:
    """The project's own error for an error of the system or a library, which is its cause; None for others.

    Known are OSError, decoding errors, broken JSON, SQLite, safetensors, DVC and its git library.
    """
    described = _described(error)
    if described is None:
        return None
    place, found, next_step = described
    fault = SystemFault(place, found, next_step)
    fault.__cause__ = error
    return fault


def _described(error: Exception) -> tuple[str | None, str, str] | None:
    """Place, what was found there, and the next step."""
    place = _place_of(error)
    if isinstance(error, OSError):
        return _of_system(error, place)
    if isinstance(error, UnicodeDecodeError):
        found = f"expected UTF-8, found the byte 0x{error.object[error.start]:02X} at {error.start + 1}"
        return place, found, f"convert the file to UTF-8: {_conversion(error.object, place or 'FILE')}"
    if isinstance(error, UnicodeEncodeError):
        found = f"the text has a character that {error.encoding} cannot hold: {error.object[error.start]!r}"
        return place, found, "remove that character, or type it in a terminal that uses UTF-8"
    if isinstance(error, json.JSONDecodeError):
        found = f"expected JSON, found a fault at line {error.lineno}, column {error.colno} ({error.msg})"
        return place, found, "delete the file and run the stage that writes it: dvc repro"
    if isinstance(error, sqlite3.Error):
        known = ((found, step) for part, found, step in DATABASE if part in str(error))
        damaged = f"the database is damaged ({error})", "delete the file, it is built anew, and run again"
        return place, *next(known, damaged)
    return _of_library(error, place)


def _conversion(content: bytes, place: str) -> str:
    encoding = "UTF-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "CP949"
    old, new = shlex.quote(place), shlex.quote(f"{place}.utf8")
    return f"`iconv -f {encoding} -t UTF-8 {old} > {new} && mv {new} {old}`"


def _of_library(error: Exception, place: str | None) -> tuple[str | None, str, str] | None:
    """Errors of libraries that are not imported for this; they are known by their package."""
    packages = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    if type(error).__name__ == "SafetensorError":
        return place, f"the model file is damaged ({error})", "make or download the model again"
    if packages & {"dvc", "dvc_data", "dvc_objects", "scmrepo"}:
        step = "run this in the project's folder; a new project needs `git init` and `dvc init` first"
        origin = error
        while isinstance(origin.__cause__, Exception):
            origin = origin.__cause__
        message = " ".join(str(origin).split())
        return None, f"DVC: {message or type(error).__name__}", step
    return None


def _of_system(error: OSError, place: str | None) -> tuple[str | None, str, str]:
    if error.errno in SYSTEM:
        return place, *SYSTEM[error.errno]
    if error.errno is None:  # of a library, which wrote its own sentence
        message = " ".join(str(error).split()).rstrip(".")
        return None, message or type(error).__name__, "correct that and run again"
    if isinstance(error, ConnectionError | TimeoutError):
        return place, f"the connection failed ({error.strerror})", "check the server and the network"
    return place, f"{error.strerror or error}", "correct that and run again"


def _place_of(error: Exception) -> str | None:
    """The file that was being read or written: the error's own, else that of the innermost call.

    Errors of decoding, of SQLite and of a full disk do not carry one.
    """
    name = getattr(error, "filename", None)
    if isinstance(name, str | bytes | Path) and name:
        return _final_name(Path(os.fsdecode(name)))
    return next((_final_name(path) for path in _paths_at_hand(error.__traceback__)), None)


def _paths_at_hand(trace: TracebackType | None) -> Iterator[Path]:
    for frame in reversed([frame for frame, _ in traceback.walk_tb(trace)]):
        values = frame.f_locals
        owner = values.get("self")
        named = [getattr(value, "name", None) for value in values.values() if hasattr(value, "fileno")]
        candidates = [owner, getattr(owner, "path", None), *named, *(values.get(name) for name in NAMES)]
        yield from (Path(value) for value in candidates if isinstance(value, str | Path) and str(value))


def _final_name(path: Path) -> str:
    """The name as a person knows it: a file is written under a temporary name first."""
    partial = PARTIAL.match(path.name)
    return str(path.with_name(partial[1]) if partial else path)
