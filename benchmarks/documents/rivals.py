"""Texts of a folder's files by another library, in an environment of its own (requirements.txt).

python rivals.py LIBRARY FOLDER OUTPUT.jsonl     with LIBRARY kreuzberg, markitdown or hwp-hwpx-parser
One line a file: name, text or error, seconds; the last line has the peak memory in MiB and all seconds.
"""

import json
import resource
import sys
import time
from pathlib import Path


def reader(library: str):
    if library == "kreuzberg":
        from kreuzberg import ExtractionConfig, extract_file_sync

        config = ExtractionConfig(use_cache=False, output_format="markdown")
        return lambda path: extract_file_sync(str(path), config=config).content
    if library == "markitdown":
        from markitdown import MarkItDown

        converter = MarkItDown()
        return lambda path: converter.convert(str(path)).text_content
    if library == "hwp-hwpx-parser":
        import hwp_hwpx_parser

        return lambda path: hwp_hwpx_parser.read(str(path)).text
    raise SystemExit(f"expected kreuzberg, markitdown or hwp-hwpx-parser, found {library}")


def main() -> None:
    library, folder, output = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    read = reader(library)
    begin = time.perf_counter()
    with output.open("w", encoding="utf-8") as file:
        for path in sorted(folder.iterdir()):
            start = time.perf_counter()
            row = {"name": path.name}
            try:
                row["text"] = read(path)
            except Exception as error:
                row["error"] = f"{type(error).__name__}: {str(error)[:200]}"
            row["seconds"] = round(time.perf_counter() - start, 4)
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        file.write(
            json.dumps({"peak_mb": round(peak), "seconds": round(time.perf_counter() - begin, 2)}) + "\n"
        )


if __name__ == "__main__":
    main()
