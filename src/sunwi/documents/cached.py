"""Documents by the row cache: a file is read once for its bytes, its reader's version and the options."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from sunwi.cache import RowCache
from sunwi.documents.blocks import ReadDocument
from sunwi.documents.reading import ReadingOptions, SourceFile, UnreadFile, read_files, reader_version
from sunwi.runtime import text_hash

CACHE = "documents"


def read_cached(
    files: Sequence[SourceFile], options: ReadingOptions, label: str = "read"
) -> Iterator[ReadDocument | UnreadFile]:
    """As `read_files`, sorted by path, but only files that were not read before go to a reader.

    What could not be read is tried again each time: a bound may be another one, a program installed.
    """
    ordered = sorted(files, key=SourceFile.sort_key)
    keys = [document_key(file, options) for file in ordered]
    with RowCache(CACHE) as cache:
        missing = [file for file, row in zip(ordered, cache.get_each(keys), strict=True) if row is None]
        absent = {file.path for file in missing}
        fresh = read_files(missing, options, label=label)
        for file, key in zip(ordered, keys, strict=True):
            if file.path in absent:
                one = next(fresh)
                if isinstance(one, ReadDocument):
                    cache.put_many({key: one.model_dump_json().encode("utf-8")})
                yield one
                continue
            document = ReadDocument.model_validate_json(cache.get_many([key])[key])
            yield document.model_copy(update={"path": file.path})


def document_key(file: SourceFile, options: ReadingOptions) -> str:
    """Key of a file's document in the row cache; its suffix is in it, for a wrong one gives a warning."""
    suffix = PurePosixPath(file.path).suffix.lower()
    return text_hash(file.sha256, file.format, suffix, reader_version(file.format), options.key())
