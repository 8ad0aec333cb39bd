"""Files as people have them: packed by gzip, bzip2, xz or zip, and what is no text at all."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from typing import IO, Protocol

MAX_UNPACKED = 4 * 1024**3  # bytes of one unpacked file
SHEET_PART = "xl/workbook.xml"  # of an Excel workbook
PACKED_SUFFIXES = frozenset({".gz", ".bz2", ".xz", ".zip"})
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # the latter of an empty archive


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


_STREAMS: dict[bytes, tuple[str, Callable[[IO[bytes]], _Readable]]] = {
    b"\x1f\x8b": ("gzip", lambda data: gzip.GzipFile(fileobj=data)),
    b"BZh": ("bzip2", bz2.BZ2File),
    b"\xfd7zXZ\0": ("xz", lzma.LZMAFile),
}
_NO_TEXT = {  # first bytes of what people give in place of a text file: what it is, and the next step
    b"\x28\xb5\x2f\xfd": ("a file compressed by zstd", "unpack it (unzstd FILE)"),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", "unpack it (7z x FILE)"),
    b"\xd0\xcf\x11\xe0": ("an old Office or HWP document", "save its table as CSV or its text as UTF-8"),
    b"%PDF": ("a PDF", "save its text as UTF-8"),
    b"PAR1": ("a Parquet file", "import it by `sunwi import table`"),
}
_DOCUMENT_PARTS = frozenset({"[Content_Types].xml", "mimetype"})  # of docx, pptx, hwpx, odt


class NotReadable(ValueError):  # noqa: N818  a fault of the input, which becomes a problem
    """Why the bytes hold no text, and the next step."""


def unpack(data: bytes) -> bytes:
    """The bytes of the one file that `data` packs, or `data` itself.

    Raises
    ------
    NotReadable
        If the data is damaged, larger than `MAX_UNPACKED`, an archive of several files, or known as no text.
    """
    packed = next((start for start in _STREAMS if data.startswith(start)), None)
    if packed is not None:
        name, opened = _STREAMS[packed]
        try:
            data = _bounded(opened(io.BytesIO(data)))
        except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
            what = f"expected a file compressed by {name}, found a damaged one ({error})"
            raise NotReadable(f"{what}; copy it again") from None
    elif data.startswith(_ZIP):
        data = _only_member(data)
    for start, (what, step) in _NO_TEXT.items():
        if data.startswith(start):
            raise NotReadable(f"expected text, found {what}; {step}")
    return data


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are an Excel workbook (xlsx)."""
    if not data.startswith(_ZIP):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return SHEET_PART in archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return False


def _only_member(data: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if SHEET_PART in names:
                step = "import it by `sunwi import table`, or save its sheet as CSV in UTF-8"
                raise NotReadable(f"expected text, found an Excel workbook; {step}")
            if _DOCUMENT_PARTS & set(names):
                what = "expected text, found a document of Word, PowerPoint, HWP or the like"
                raise NotReadable(f"{what}; save its text as UTF-8")
            members = [name for name in names if not name.endswith("/") and not name.startswith("__MACOSX/")]
            if len(members) != 1:
                listed = ", ".join(members[:5]) + (", ..." if len(members) > 5 else "")
                what = f"expected a zip archive of one file, found {len(members)}: {listed or 'none'}"
                raise NotReadable(f"{what}; unpack it (unzip FILE) and give the file that is meant")
            with archive.open(members[0]) as member:
                return _bounded(member)
    except NotReadable:
        raise
    except RuntimeError:  # what zipfile raises for an encrypted member
        raise NotReadable("the zip archive has a password; unpack it (unzip FILE)") from None
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
        raise NotReadable(f"expected a zip archive, found a damaged one ({error}); copy it again") from None


def _bounded(stream: _Readable) -> bytes:
    data = stream.read(MAX_UNPACKED + 1)
    if len(data) > MAX_UNPACKED:
        raise NotReadable(f"the unpacked file is larger than {MAX_UNPACKED:,} bytes; unpack and split it")
    return data
