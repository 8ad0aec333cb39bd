"""Why dochan gave no text, as a sentence and a next step; packages that would unpack to too much."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

from sunwi.documents.reader import ReadingFault
from sunwi.documents.sniffing import PASSWORD

MAX_UNPACKED = 512 * 1024**2  # bytes of a document's parts together: what dochan reads at most
MAX_RATIO = 1000  # of a part's size to its packed size, above 10 MB
_BIG = 10 * 1024**2
_BY_CERTIFICATE, _CERTIFICATE_DRM = 1 << 8, 1 << 10
_LOCKED = ("암호", "DRM", "FILEPASS", "password", "encrypt")
_BOUNDS = ("limit", "exceed", "상한", "too many", "too large", "budget", "ratio")
OCR = "read it with `--ocr` (needs Debian's tesseract-ocr and tesseract-ocr-kor)"
AGAIN = "copy it again, or open it in the program that wrote it and save it anew"


def check_package(path: Path) -> None:
    """Refuse a document (a zip of XML parts) that unpacks to too much or declares entities.

    dochan reads such a file as empty text and reports nothing, so it is named here.

    Raises
    ------
    ReadingFault
        With what was found.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            total = sum(part.file_size for part in parts)
            if total > MAX_UNPACKED:
                what = f"it unpacks to {total:,} bytes; the limit is {MAX_UNPACKED:,} (a zip bomb?)"
                raise ReadingFault(what, "split the document, or delete the file if nobody knows it")
            for part in parts:
                _check_part(archive, part)
    except ReadingFault:
        raise
    except Exception as error:  # zipfile and zlib raise many kinds for damaged bytes
        raise ReadingFault(f"it is damaged ({error})", AGAIN) from None


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    if part.file_size > _BIG and part.file_size > MAX_RATIO * max(part.compress_size, 1):
        what = f"its part {part.filename} is packed {part.file_size // max(part.compress_size, 1):,} to 1"
        raise ReadingFault(f"{what} (a zip bomb?)", "delete the file if nobody knows it")
    if part.flag_bits & 0x1:
        raise ReadingFault("it has a password", PASSWORD)
    if part.filename.lower().endswith((".xml", ".hpf", ".rels")):
        with archive.open(part) as file:
            head = file.read(65_536)
        if b"<!ENTITY" in head or "<!ENTITY".encode("utf-16-le") in head:
            what = f"its part {part.filename} declares entities, as no program's documents do"
            raise ReadingFault(what, "delete the file if nobody knows it")


def check_hwp(path: Path) -> None:
    """Refuse an HWP 5 file that a certificate encrypts: dochan names a password and DRM, and not these two.

    Raises
    ------
    ReadingFault
        By the properties in its FileHeader (HWP 5.0 revision 1.3, table 3).
    """
    from dochan.cfb import OleFileIO

    try:
        with OleFileIO(str(path)) as file:
            header = file.openstream("FileHeader").read()
    except Exception:  # damaged: dochan noted how, and `no_text` says it
        return
    properties = int.from_bytes(header[36:40], "little")
    if properties & (_BY_CERTIFICATE | _CERTIFICATE_DRM):
        what = "it is encrypted by a certificate"
        raise ReadingFault(what, "open it with that certificate and save a copy without encryption")


def no_text(errors: Sequence[str], pictures: int) -> ReadingFault:
    """Why a document without text has none, by what dochan noted."""
    stated = next((error for error in errors if error.startswith("ERR")), next(iter(errors), ""))
    stated = stated.partition(":")[2].strip()[:200]
    if any(word in error for word in _LOCKED for error in errors):
        return ReadingFault("it has a password or DRM", PASSWORD)
    if any(word in error.lower() for word in _BOUNDS for error in errors):
        return ReadingFault(f"it passes a bound of the reader ({stated})", "split the document")
    if stated:
        return ReadingFault(f"it gives no text ({stated})", AGAIN)
    if pictures:
        what = f"it has {pictures} picture{'s' if pictures > 1 else ''} and no text: scanned?"
        return ReadingFault(what, f"save it as PDF and {OCR}")
    return ReadingFault("it has no text", "look at it: it is blank, or holds only drawings; then ignore it")
