"""The one door to the readers: files become documents of blocks, each read in a process of its own.

    found = find_files([Path("문서")])                      # formats by content, sizes, hashes
    for one in read_files(found.files, ReadingOptions()):   # sorted by path
        match one:
            case ReadDocument(): ...                        # blocks, pages, warnings
            case UnreadFile(): ...                          # reason and next step, for the table of files

`found.unread` names what the walk could not take (an unreadable file, a zip out of bounds, an unknown
format). A document of a file is a function of the file's bytes, of `reader_version(file.format)` and of
`options.key()`: these three are the key of a cache. Only `path`, and a warning on a wrong suffix, come from
the file's name.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import PurePosixPath
from queue import SimpleQueue

from sunwi.documents.archives import unpacked
from sunwi.documents.blocks import ReadDocument
from sunwi.documents.files import FoundFiles, ReadingOptions, SourceFile, UnreadFile
from sunwi.documents.reader import Extracted, ReadingFault
from sunwi.documents.registry import reader_version
from sunwi.documents.sandbox import Sandbox
from sunwi.documents.sniffing import SUFFIXES
from sunwi.documents.walking import IGNORE_FILE, find_files
from sunwi.documents.whole_text.whole import make_whole
from sunwi.progress import Progress

__all__ = [
    "IGNORE_FILE",
    "FoundFiles",
    "ReadDocument",
    "ReadingOptions",
    "SourceFile",
    "UnreadFile",
    "find_files",
    "read_files",
    "reader_version",
]
_AHEAD = 4  # files a process that are read before the first one is taken


def read_files(
    files: Sequence[SourceFile], options: ReadingOptions, *, label: str = "read"
) -> Iterator[ReadDocument | UnreadFile]:
    """Each file's document, or why there is none, sorted by path; shows progress under `label`.

    A file that crashes its reader, or passes the bounds of time or memory, is an `UnreadFile`; the others
    go on.

    Raises
    ------
    DataError
        Before any file is read, if a library is not installed that a format among them needs.
    """
    ordered = sorted(files, key=lambda file: file.path)
    versions = {form: reader_version(form) for form in sorted({file.format for file in ordered})}
    waiting = deque(ordered)
    running: deque[tuple[SourceFile, Future[Extracted | ReadingFault]]] = deque()
    free: SimpleQueue[Sandbox] = SimpleQueue()
    sandboxes = [Sandbox(options) for _ in range(max(1, min(options.processes, len(ordered))))]
    for sandbox in sandboxes:
        free.put(sandbox)
    pages = 0
    with ThreadPoolExecutor(len(sandboxes)) as pool, Progress(label, len(ordered), "file") as shown:
        try:
            while waiting or running:
                while waiting and len(running) < _AHEAD * len(sandboxes):
                    file = waiting.popleft()
                    running.append((file, pool.submit(_extract, file, free)))
                file, future = running.popleft()
                one = _document(file, future.result(), versions[file.format])
                pages += one.pages or 0 if isinstance(one, ReadDocument) else 0
                yield one
                shown.advance(pages=pages)
        finally:
            pool.shutdown(cancel_futures=True)
            for sandbox in sandboxes:
                sandbox.close()


def _extract(file: SourceFile, free: SimpleQueue[Sandbox]) -> Extracted | ReadingFault:
    sandbox = free.get()
    try:
        path = file.location
        if file.member is not None:
            path = sandbox.folder / f"member.{file.format}"
            unpacked(file.location, file.member, path)
        return sandbox.read(path, file.format)
    except ReadingFault as fault:
        return fault
    except (OSError, ValueError) as error:
        return ReadingFault(f"it cannot be read ({error})", "look whether it changed or moved, and run again")
    finally:
        free.put(sandbox)


def _document(file: SourceFile, found: Extracted | ReadingFault, version: str) -> ReadDocument | UnreadFile:
    if isinstance(found, ReadingFault):
        return UnreadFile(path=file.path, format=file.format, reason=found.reason, next_step=found.next_step)
    blocks, notes = make_whole(found.blocks, laid_out=found.laid_out)
    if not blocks:
        return UnreadFile(
            path=file.path,
            format=file.format,
            reason="it has no text that can be shown",
            next_step="look at it, and name it in .sunwiignore if it is blank",
        )
    return ReadDocument(
        path=file.path,
        format=file.format,
        sha256=file.sha256,
        reader=version,
        pages=found.pages,
        blocks=tuple(blocks),
        warnings=(*_wrong_suffix(file), *found.warnings, *notes),
    )


def _wrong_suffix(file: SourceFile) -> Iterator[str]:
    suffix = PurePosixPath(file.path).suffix.lower()
    if (stated := SUFFIXES.get(suffix)) is not None and stated != file.format:
        yield f"its name ends in {suffix}, its content is {file.format}"
