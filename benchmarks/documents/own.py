"""Texts of a folder's files by sunwi, as rivals.py writes those of others.

python -m benchmarks.documents.own FOLDER OUTPUT.jsonl
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from sunwi.documents.reading import ReadDocument, ReadingOptions, find_files, read_files


def main() -> None:
    folder, output = Path(sys.argv[1]), Path(sys.argv[2])
    begin = time.perf_counter()
    found = find_files([folder])
    with output.open("w", encoding="utf-8") as file:
        for one in found.unread:
            file.write(json.dumps({"name": one.path, "error": one.reason}, ensure_ascii=False) + "\n")
        for one in read_files(found.files, ReadingOptions()):
            row: dict[str, object] = {"name": one.path}
            if isinstance(one, ReadDocument):
                row["text"] = "\n".join(block.text for block in one.blocks)
            else:
                row["error"] = one.reason
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
        seconds = round(time.perf_counter() - begin, 2)
        peaks = [
            resource.getrusage(who).ru_maxrss // 1024
            for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        ]
        row = {"peak_mb": peaks[0], "peak_reader_mb": peaks[1], "seconds": seconds}
        file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
