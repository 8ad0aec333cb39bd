"""What a reader is: a file's path to blocks, for some formats. Other packages may bring readers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sunwi.documents.blocks import Block


class ReadingFault(Exception):  # noqa: N818  a fault of one file, which becomes its line in the table of files
    """Why a file gives no document, and the next step."""

    def __init__(self, reason: str, next_step: str) -> None:
        super().__init__(reason, next_step)
        self.reason, self.next_step = reason, next_step


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a reader took from a file.

    `laid_out` says that a line end within a block's text is the page's, not the writer's: a word may be cut
    there. `pages` is None where the format has none. `warnings` are sentences for a person.
    """

    blocks: list[Block]
    pages: int | None = None
    warnings: list[str] = field(default_factory=list)
    laid_out: bool = False


@dataclass(frozen=True, slots=True)
class Reader:
    """One reader: `read(path, ocr)` raises `ReadingFault` for a file that it cannot take.

    It runs in a process of its own with bounds of memory and time, so that it may crash. `libraries` are the
    distributions whose versions change its output; `rules` is raised when the reader itself changes.
    """

    formats: frozenset[str]
    read: Callable[[Path, bool], Extracted]
    rules: str
    libraries: tuple[str, ...] = ()
