"""The stage `read`: a folder of files becomes tables of documents and of files that gave none."""

from __future__ import annotations

import heapq
import sys
from collections.abc import Iterator
from pathlib import Path

from sunwi.documents.blocks import ReadDocument
from sunwi.documents.cached import read_cached
from sunwi.documents.reading import ReadingOptions, UnreadFile, find_files
from sunwi.documents.statistics import FolderStatistics
from sunwi.errors import printable
from sunwi.params.documents import DocumentsParams
from sunwi.paths import METRICS, READ
from sunwi.records.files import write_json, write_rising, write_rows
from sunwi.workspace.base import Workspace

DOCUMENTS = READ / "documents.jsonl"
UNREAD = READ / "unread.jsonl"


def reading_options(params: DocumentsParams) -> ReadingOptions:
    """How the parameters have files read."""
    return ReadingOptions(
        ocr=params.ocr, seconds=params.seconds, memory_mb=params.memory_mb, processes=params.processes
    )


def read_folder(workspace: Workspace, folder: str, params: DocumentsParams, rows_per_shard: int) -> None:
    """Read all files of a folder, and write their documents, the files that gave none, and counts.

    Of each file that gave none a line goes to stderr; the others go on.
    """
    found = find_files([workspace.path(Path(folder))])
    statistics = FolderStatistics()
    unread: list[UnreadFile] = []

    def documents() -> Iterator[ReadDocument]:
        read = read_cached(found.files, reading_options(params))
        for one in heapq.merge(read, found.unread, key=lambda row: row.path):
            statistics.add(one)
            if isinstance(one, ReadDocument):
                yield one
            else:
                unread.append(one)

    write_rising(workspace.path(DOCUMENTS), documents(), rows_per_shard)
    write_rows(workspace.path(UNREAD), unread)
    write_json(workspace.path(METRICS) / "read.json", statistics.summary())
    for one in unread:
        line = f"not read: {one.path}: {one.reason}. Next: {one.next_step}"
        print(printable(line), file=sys.stderr)  # noqa: T201  a stage's log must name what is missing
