"""What a file is, by its content; the suffix only tells Markdown, HTML and tables from plain text."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

HEAD = 4096  # bytes that are looked at
_OLE, _ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", (b"PK\x03\x04", b"PK\x05\x06")
_OLE_STREAMS = {  # a stream at the top of an OLE file, and the format
    "EncryptedPackage": "locked",
    "DocInfo": "hwp",
    "WordDocument": "doc",
    "PowerPoint Document": "ppt",
    "Workbook": "xls",
    "Book": "xls",
}
_ZIP_PARTS = {
    "word/": "docx",
    "ppt/": "pptx",
    "xl/": "xlsx",
    "Contents/content.hpf": "hwpx",
    "Contents/header.xml": "hwpx",
}
_MARKDOWN, _TABLES = {".md", ".markdown"}, {".csv", ".tsv", ".json", ".jsonl"}
_HTML = (b"<!doctype html", b"<html", b"<head", b"<body")
_OTHERS = {  # first bytes of what is often found beside documents: what it is, and the next step
    b"HWP Document File V3": ("HWP 3, the format before 2000", "open it in Hangul and save it as HWPX"),
    b"{\\rtf": ("RTF", "open it in Word and save it as DOCX"),
    b"\x89PNG": ("an image", "put it into a PDF and read that with `--ocr`"),
    b"\xff\xd8\xff": ("an image", "put it into a PDF and read that with `--ocr`"),
    b"GIF8": ("an image", "put it into a PDF and read that with `--ocr`"),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", "unpack it (7z x FILE)"),
    b"Rar!": ("a RAR archive", "unpack it (unrar x FILE)"),
    b"\x1f\x8b": ("a file compressed by gzip", "unpack it (gunzip FILE)"),
    b"PAR1": ("a Parquet file", "import it by `sunwi import table`"),
    b"\x28\xb5\x2f\xfd": ("a file compressed by zstd", "unpack it (unzstd FILE)"),
}
PASSWORD = "open it with its password and save a copy without one"  # noqa: S105  a sentence
SUFFIXES = {  # what a name says, where that can differ from the content
    f".{name}": name
    for name in ("hwp", "hwpx", "pdf", "doc", "docx", "ppt", "pptx", "xls", "xlsx", "html", "zip")
} | {".htm": "html", ".md": "markdown", ".txt": "text"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class NotADocument:
    """Why no reader takes a file, and the next step."""

    reason: str
    next_step: str


def format_of(location: Path, name: str) -> str | NotADocument:
    """The format of a file: hwp, hwpx, pdf, docx, ..., html, markdown, text, or zip for other archives.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with location.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        return NotADocument("the file has 0 bytes", "copy it again from where it comes from, or delete it")
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(_OLE):
        return _ole_format(location)
    if head.startswith(_ZIP):
        return _zip_format(location)
    for start, (what, step) in _OTHERS.items():
        if head.startswith(start):
            return NotADocument(f"it is {what}, which is not read", step)
    suffix = PurePosixPath(name).suffix.lower()
    if any(mark in head.lower() for mark in _HTML) or suffix in {".html", ".htm"}:
        return "html"
    if suffix in _TABLES:
        return NotADocument("it is a table or rows, no document", "import it by `sunwi import table`")
    if b"\0" in head and head[:2] not in {b"\xff\xfe", b"\xfe\xff"} and head[:4] != b"\0\0\xfe\xff":
        what = f"its content is no known document format (it begins with {head[:8].hex(' ')})"
        said = SUFFIXES.get(suffix)
        step = f"it may be damaged: copy the {said.upper()} file again" if said else "delete it, or ignore it"
        return NotADocument(what, f"{step} (a line in .sunwiignore)" if not said else step)
    return "markdown" if suffix in _MARKDOWN else "text"


def _ole_format(location: Path) -> str | NotADocument:
    from dochan.cfb import OleFileIO

    try:
        with OleFileIO(str(location)) as file:
            names = [name for name in _OLE_STREAMS if file.exists(name)]
    except Exception as error:
        what = f"its table of streams is damaged ({type(error).__name__})"
        return NotADocument(what, "copy it again, or open it and save it as HWPX or DOCX")
    if "EncryptedPackage" in names:
        return NotADocument("it is an Office document with a password", PASSWORD)
    if not names:
        return NotADocument("it is an OLE file without a document", "delete it, or name it in .sunwiignore")
    return _OLE_STREAMS[names[0]]


def _zip_format(location: Path) -> str | NotADocument:
    try:
        with zipfile.ZipFile(location) as archive:
            names = archive.namelist()
            kind = b""
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 128:
                kind = archive.read("mimetype").strip()
    except Exception as error:
        what = f"its table of contents is damaged ({error or type(error).__name__})"
        return NotADocument(what, "copy it again, or open it and save it anew")
    if kind == b"application/hwp+zip":
        return "hwpx"
    if kind:
        what = f"it is {kind.decode('ascii', 'replace')!r}, which is not read"
        return NotADocument(what, "open it and save it as DOCX or PDF")
    office = "[Content_Types].xml" in names
    for part, form in _ZIP_PARTS.items():
        if any(name == part or (part.endswith("/") and office and name.startswith(part)) for name in names):
            return form
    return "zip"
