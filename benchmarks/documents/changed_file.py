"""A folder of many files of which one is edited and one deleted: how many files go to a reader again?

python -m benchmarks.documents.changed_file FOLDER     with an empty row cache (SUNWI_CACHE_DIR)

FOLDER holds the files that made.py writes; it is copied, and the copy is edited. What counts is the files
that reach `read_files`, behind the row cache; seconds are those of a machine that other work may share.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from sunwi.documents import cached
from sunwi.documents.reading import ReadDocument, ReadingOptions, SourceFile, find_files

EDITED, DELETED = "문서0000.md", "문서0001.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "made"
        shutil.copytree(arguments.folder, folder)
        print("| turn | files | to a reader | seconds |\n|---|---|---|---|")
        first = turn("all new", folder)
        assert turn("nothing changed", folder) == first
        with (folder / EDITED).open("a", encoding="utf-8") as file:
            file.write("\n한 문장이 더 있다.\n")
        (folder / DELETED).unlink()
        again = turn(f"{EDITED} edited, {DELETED} deleted", folder)
        same = [path for path, document in again.items() if first.get(path) == document]
        print(f"{len(same)} of {len(again)} documents are the same")


def turn(name: str, folder: Path) -> dict[str, Any]:
    """Read a folder and print a row; documents by path."""
    given: list[SourceFile] = []
    read = cached.read_files

    def counting(files: Sequence[SourceFile], options: ReadingOptions, **named: Any) -> Iterator[Any]:
        given.extend(files)
        return read(files, options, **named)

    begin = time.perf_counter()
    with mock.patch.object(cached, "read_files", counting):
        found = find_files([folder])
        documents = {one.path: one for one in cached.read_cached(found.files, ReadingOptions())}
    assert all(isinstance(one, ReadDocument) for one in documents.values()), found.unread
    print(f"| {name} | {len(documents)} | {len(given)} | {time.perf_counter() - begin:.1f} |", flush=True)
    return documents


if __name__ == "__main__":
    main()
