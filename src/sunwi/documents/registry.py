"""The readers by format: those of the folder `readers`, and those of other packages by entry point.

A package adds a reader by an entry point of the group `sunwi.readers` that names a `Reader`; for a format
that is read here, the package's reader is used, because somebody installed it for that.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, entry_points, version

from sunwi.documents.reader import Reader
from sunwi.errors import DataError
from sunwi.registry import Registry

GROUP = "sunwi.readers"
INSTALL = "pip install 'sunwi[documents]'"
RULES = "1"  # of the text made whole: raise it when whole_text changes
READERS: Registry[Reader] = Registry("sunwi.documents.readers", "READER", Reader)


@cache
def readers() -> dict[str, tuple[str, Reader]]:
    """Name and reader of each format.

    Raises
    ------
    DataError
        If two other packages bring a reader for one format, or one brings something else than a `Reader`.
    """
    own = {form: (name, reader) for name, reader in READERS.all().items() for form in reader.formats}
    brought: dict[str, tuple[str, Reader]] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        reader = entry.load()
        if not isinstance(reader, Reader):
            what = f"the entry point {entry.name} = {entry.value} of {GROUP} is {type(reader).__name__}"
            raise DataError(f"{what}; expected a sunwi.documents.reader.Reader", "correct that package")
        for form in sorted(reader.formats):
            if form in brought:
                what = f"{brought[form][0]} and {entry.name} both bring a reader of {form}"
                raise DataError(what, "uninstall one of the two packages")
            brought[form] = (entry.name, reader)
    return own | brought


def reader_version(format: str) -> str:  # noqa: A002  the field's word
    """Name and rules of the reader of a format, the libraries below it, and the rules of whole text.

    Raises
    ------
    DataError
        If no reader takes the format, or a library of its reader is not installed.
    """
    if format not in readers():
        raise DataError(f"no reader takes {format!r}", f"use one of {', '.join(sorted(readers()))}")
    name, reader = readers()[format]
    parts = [f"{name} {reader.rules}"]
    for library in (*reader.libraries, "kiwipiepy"):
        try:
            parts.append(f"{library} {version(library)}")
        except PackageNotFoundError:
            raise DataError(f"reading {format} needs {library}, which is not installed", INSTALL) from None
    return ", ".join([*parts, f"whole text {RULES}"])
