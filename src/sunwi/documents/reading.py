"""The one door to the readers: files of a folder become documents of blocks, each read in a process of its own.

    found = find_files([Path("문서")])                 # what is there: formats by content, sizes, hashes
    for one in read_files(found.files, ReadingOptions()):   # sorted by path
        match one:
            case ReadDocument(): ...                   # blocks, pages, warnings
            case UnreadFile(): ...                     # reason and next step, for the table of files

`found.unread` names what the walk could not take (an unreadable folder, a zip out of bounds, an unknown
format). A document of a file is a function of the file's bytes, of `reader_version(file.format)` and of
`options.key()`: these three are the key of a cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from sunwi.documents.blocks import ReadDocument
from sunwi.records.row import Row

IGNORE_FILE = ".sunwiignore"


class SourceFile(Row):
    """A file that may be read.

    `path` is relative to the folder that was given, with "/" and in NFC (an archive's member stands as
    "묶음.zip/안내.hwp"); `location` is the absolute path on disk, of the archive for a member, whose name in
    the archive is `member`. `format` is what the content says.
    """

    path: str
    location: str
    member: str | None = None
    format: str
    size: int
    sha256: str

    def sort_key(self) -> tuple[str]:
        return (self.path,)


class UnreadFile(Row):
    """A file that gave no document: why, and what to do next. `format` is None where it is not known."""

    path: str
    format: str | None
    reason: str
    next_step: str

    def sort_key(self) -> tuple[str]:
        return (self.path,)


class FoundFiles(Row):
    """What a walk found, both sorted by path."""

    files: tuple[SourceFile, ...]
    unread: tuple[UnreadFile, ...]


class ReadingOptions(Row):
    """How files are read: what changes the documents, and the bounds of each file's own process."""

    ocr: bool = False
    seconds: float = 300.0
    memory_mb: int = 4096
    processes: int = 2

    def key(self) -> str:
        """What of the options changes a document: part of a cache's key."""
        return "ocr" if self.ocr else ""


def find_files(
    paths: Sequence[Path], *, globs: Sequence[str] = (), ignore_file: str = IGNORE_FILE
) -> FoundFiles:
    """All files under `paths` (files or folders), known by content.

    Parameters
    ----------
    globs
        Only paths that match one of these (as .gitignore has them); none: all.
    ignore_file
        Name of a file of patterns, as .gitignore has them, at the top of a folder of `paths`.

    Raises
    ------
    DataError
        If one of `paths` does not exist, or two files would have the same relative path.
    """
    raise NotImplementedError


def read_files(
    files: Sequence[SourceFile], options: ReadingOptions, *, label: str = "read"
) -> Iterator[ReadDocument | UnreadFile]:
    """Each file's document, or why there is none, sorted by path; shows progress under `label`.

    A file that crashes its reader, or passes the bounds of time or memory, is an `UnreadFile`; the others
    go on.
    """
    raise NotImplementedError


def reader_version(format: str) -> str:
    """Name and version of the reader of a format, of the library below it and of the rules of whole text."""
    raise NotImplementedError
