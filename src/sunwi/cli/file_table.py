"""What became of each file of a folder, on the terminal: every file that gave nothing has its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sunwi.cli.terminal import echo
from sunwi.documents.blocks import ReadDocument
from sunwi.documents.reading import UnreadFile
from sunwi.documents.versions import Versions
from sunwi.errors import printable

SHOWN = 40  # files that were read; those with warnings first, the others are counted


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file that was read."""

    path: str
    format: str
    pages: int | None
    characters: int
    passages: int
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, document: ReadDocument, passages: int) -> FileRow:
        characters = sum(len(block.text) for block in document.blocks)
        return cls(document.path, document.format, document.pages, characters, passages, document.warnings)


def print_files(rows: Sequence[FileRow], unread: Sequence[UnreadFile]) -> None:
    """Print the table of files read, warnings, and a line for each file that was not: why, what next."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = sorted(
        sorted(rows, key=lambda row: (not row.warnings, row.path))[:SHOWN], key=lambda row: row.path
    )
    table = Table(title=f"{len(rows):,} files read, {len(unread):,} not", title_justify="left")
    for name in ("file", "format", "pages", "characters", "passages", "warnings"):
        justify = "left" if name in {"file", "format"} else "right"
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]  # a literal of two
    for row in shown:
        pages = f"{row.pages:,}" if row.pages is not None else ""
        counts = pages, f"{row.characters:,}", f"{row.passages:,}"
        warnings = f"{len(row.warnings)}" if row.warnings else ""
        table.add_row(Text(printable(row.path)), Text(printable(row.format)), *counts, warnings)
    if shown:
        Console(highlight=False).print(table)
    if len(rows) > len(shown):
        echo(f"and {len(rows) - len(shown):,} more files that were read")
    warned = [(row.path, warning) for row in rows for warning in row.warnings]
    for path, warning in warned[:SHOWN]:
        echo(f"warning: {path}: {warning}")
    if len(warned) > SHOWN:
        echo(f"and {len(warned) - SHOWN:,} more warnings")
    for one in unread:
        echo(f"not read: {one.path}: {one.reason}. Next: {one.next_step}")


def print_versions(versions: Sequence[Versions], *, newest: bool) -> None:
    """Print which files are versions of one document; `newest` says that only the newest was taken."""
    for group in versions:
        others = ", ".join(f"{path} ({_percent(overlap)})" for path, overlap in group.others)
        left_out = "left out, older versions" if newest else "versions of one document, all taken"
        echo(f"{left_out}: {others}; newest: {group.newest}")
    if versions and not newest:
        echo("Next: --keep newest takes the newest of each")


def _percent(overlap: float | None) -> str:
    return "overlap with another version" if overlap is None else f"{overlap:.0%} the same"
