"""Text files in the encodings that Korean data comes in: UTF-8 and UTF-16 with or without mark, CP949."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from sunwi.errors import Problem

_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class DecodedFile:
    """Lines of a file without their ends; None where the bytes are no text in `encoding`."""

    encoding: str
    lines: list[str | None]
    problems: list[Problem]

    @property
    def text(self) -> str | None:
        """The whole text, or None if the file or a part of it could not be read."""
        return None if self.problems else "\n".join(line or "" for line in self.lines)


def decode_file(path: Path) -> DecodedFile:
    """Read a text file and find its encoding.

    A byte order mark decides; without one, UTF-8 is tried, then CP949 (which holds EUC-KR).
    A file that is mostly UTF-8 stays UTF-8, and its broken lines are problems: read as CP949
    they might pass as other Hangul, unnoticed.
    """
    if not path.is_file():
        what = "expected a file, found a folder" if path.is_dir() else "the file does not exist"
        return DecodedFile("none", [], [Problem(path, None, what)])
    try:
        data = path.read_bytes()
    except OSError as error:
        return DecodedFile("none", [], [Problem(path, None, f"the file cannot be read: {error.strerror}")])
    if data.startswith(_UTF16_MARKS):
        return _decode_utf16(path, data)
    if b"\0" in data:
        what = "found zero bytes: UTF-16 without a byte order mark, or no text; save it as UTF-8"
        return DecodedFile("none", [], [Problem(path, None, what)])
    data = data.removeprefix(codecs.BOM_UTF8)
    return _decode_lines(path, data, "utf-8" if _is_mostly_utf8(data) else "cp949")


def _decode_utf16(path: Path, data: bytes) -> DecodedFile:
    try:
        return DecodedFile("utf-16", _without_returns(data.decode("utf-16").split("\n")), [])
    except UnicodeDecodeError as error:
        line = data[: error.start].decode("utf-16", errors="ignore").count("\n") + 1
        return DecodedFile("utf-16", [], [Problem(path, line, f"broken UTF-16: {error.reason}")])


def _decode_lines(path: Path, data: bytes, encoding: str) -> DecodedFile:
    try:
        return DecodedFile(encoding, _without_returns(data.decode(encoding).split("\n")), [])
    except UnicodeDecodeError:
        pass  # line by line below, so that every broken line is named
    lines: list[str | None] = []
    problems: list[Problem] = []
    expected = "UTF-8" if encoding == "utf-8" else "UTF-8 or CP949"
    # No multi-byte character of CP949 or UTF-8 holds the byte 0x0A, so lines may be cut before decoding.
    for number, line in enumerate(data.split(b"\n"), start=1):
        try:
            lines.append(line.decode(encoding).removesuffix("\r"))
        except UnicodeDecodeError as error:
            found = f"the bytes {line[error.start : error.end].hex(' ')} at byte {error.start + 1}"
            problems.append(Problem(path, number, f"expected {expected} text, found {found}"))
            lines.append(None)
    return DecodedFile(encoding, lines, problems)


def _without_returns(lines: list[str]) -> list[str | None]:
    return [line.removesuffix("\r") for line in lines]


def _is_mostly_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        runs = _HIGH_BYTES.findall(data)
        return 2 * sum(len(run) for run in runs if _is_utf8(run)) >= sum(map(len, runs))
    return True


def _is_utf8(run: bytes) -> bool:
    try:
        run.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
