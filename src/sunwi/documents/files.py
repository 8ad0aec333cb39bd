"""Files that may be read, what a walk found, and why a file gave no document."""

from __future__ import annotations

from pathlib import Path

from sunwi.records.row import Row


class SourceFile(Row):
    """A file that may be read.

    `path` is relative to the folder that was given, with "/" and in NFC (an archive's member stands as
    "묶음.zip/안내.hwp"); `location` is the absolute path on disk, of the archive for a member, whose name in
    the archive is `member`. `format` is what the content says.
    """

    path: str
    location: Path
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
    """How files are read: what changes the documents, and the bounds of each file's own process.

    `seconds` and `memory_mb` (MiB of address space) bound the reading of one file; `processes` is how many
    files are read at once.
    """

    ocr: bool = False
    seconds: float = 300.0
    memory_mb: int = 4096
    processes: int = 2

    def key(self) -> str:
        """What of the options changes a document: part of a cache's key."""
        return "ocr" if self.ocr else ""
