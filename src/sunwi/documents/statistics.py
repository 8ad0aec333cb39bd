"""What a folder of documents holds, in numbers."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sunwi.documents.blocks import ReadDocument
from sunwi.documents.reading import UnreadFile


class FolderStatistics:
    """Counts of the files of a folder, taken one after the other."""

    def __init__(self) -> None:
        self._counts = Counter(dict.fromkeys(("read", "unread", "pages", "characters", "warnings"), 0))
        self._formats: Counter[str] = Counter()

    def add(self, one: ReadDocument | UnreadFile) -> None:
        """Count a file."""
        if isinstance(one, UnreadFile):
            self._counts["unread"] += 1
            return
        self._formats[one.format] += 1
        self._counts["read"] += 1
        self._counts["pages"] += one.pages or 0
        self._counts["characters"] += sum(len(block.text) for block in one.blocks)
        self._counts["warnings"] += len(one.warnings)

    def summary(self) -> dict[str, Any]:
        """The counts; pages are those of formats that have pages."""
        return {**self._counts, "formats": dict(sorted(self._formats.items()))}
