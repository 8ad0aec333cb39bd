"""Text files in the encodings that Korean data comes in: UTF-8, UTF-16 and UTF-32 by their marks, CP949."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sunwi.corpus.unpacking import NotReadable, unpack
from sunwi.errors import Problem

_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")
_WIDE_MARKS = {  # UTF-32's first: its little-endian mark begins with that of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# The syllables that make up half of any Korean text (particles, endings, Sino-Korean of everyday use).
_COMMON_SYLLABLES = frozenset(
    "이다는의에을가고한지로를사하은도인기대어서자리나시해정수전그부일아라있제여과보연스들국구장동성경상"
    "주만원조안유문신관세공화학개것소게마선으할물당적등된때용위분면진오무방비요되았었며까니와년월말모바르"
)


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

    A byte order mark decides; without one, UTF-8 is tried, then CP949 (which holds EUC-KR). What is text in
    another legacy encoding, or no text, is one problem that says so. A file that gzip, bzip2, xz or zip
    packed is unpacked first. Half characters stay in the lines: whoever takes their texts replaces them.
    Lines end by "\\n" or "\\r\\n"; by "\\r" where the file has no "\\n".
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
    try:
        data = unpack(data)
    except NotReadable as reason:
        return DecodedFile("none", [], [Problem(path, None, str(reason))])
    for mark, encoding in _WIDE_MARKS.items():
        if data.startswith(mark):
            return _decode_wide(path, data, encoding)
    if b"\0" in data:
        return DecodedFile("none", [], list(_zero_bytes(path, data)))
    data = data.removeprefix(codecs.BOM_UTF8)
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    if _is_mostly_utf8(data):
        return _decode_lines(path, data, "utf-8")
    if not _is_korean(data):
        first = _HIGH_BYTES.search(data)
        line = data[: first.start()].count(b"\n") + 1 if first else None
        what = "from here on the text is neither UTF-8 nor Korean in CP949"
        others = "GB18030, Big5, Shift-JIS or Latin-1?"
        return DecodedFile("none", [], [Problem(path, line, f"{what} ({others}); save it as UTF-8")])
    return _decode_lines(path, data, "cp949")


def _zero_bytes(path: Path, data: bytes) -> Iterator[Problem]:
    """One problem for a file of many; one a line else."""
    if data.count(b"\0") * 10 > len(data):
        what = "found zero bytes: UTF-16 without a byte order mark, or no text; save it as UTF-8"
        yield Problem(path, None, what)
        return
    for number, line in enumerate(data.split(b"\n"), start=1):
        if b"\0" in line:
            position = line.index(b"\0") + 1
            what = f"found a zero byte, which no text holds, at byte {position}; remove it"
            yield Problem(path, number, what)


def _is_korean(data: bytes) -> bool:
    """Whether bytes that are no UTF-8 may be Korean in CP949.

    Chinese in GB18030 and Big5 decodes as CP949 too, to Hanja, and to syllables that Korean hardly uses;
    Japanese in EUC-JP to lone Jamo. Korean has common syllables, or hardly any of those and of broken bytes.
    """
    text = data.decode("cp949", errors="replace")
    common = sum(character in _COMMON_SYLLABLES for character in text)
    strange = sum(character == "\ufffd" or "\u3131" <= character <= "\u9fff" for character in text)
    hangul = sum("\uac00" <= character <= "\ud7a3" for character in text)
    return 5 * common >= hangul + strange or 10 * strange <= hangul


def _decode_wide(path: Path, data: bytes, encoding: str) -> DecodedFile:
    try:
        return DecodedFile(
            encoding, _without_returns(_split_wide(data.decode(encoding, "surrogatepass"))), []
        )
    except UnicodeDecodeError as error:
        line = data[: error.start].decode(encoding, errors="ignore").count("\n") + 1
        what = f"broken {encoding.upper()}: {error.reason}"
        return DecodedFile(encoding, [], [Problem(path, line, what)])


def _split_wide(text: str) -> list[str]:
    return text.split("\n" if "\n" in text else "\r")


def _decode_lines(path: Path, data: bytes, encoding: str) -> DecodedFile:
    errors = _errors(encoding)
    try:
        return DecodedFile(encoding, _without_returns(data.decode(encoding, errors).split("\n")), [])
    except UnicodeDecodeError:
        pass  # line by line below, so that every broken line is named
    lines: list[str | None] = []
    problems: list[Problem] = []
    expected, step = "UTF-8", ""
    if encoding != "utf-8":
        expected, step = "UTF-8 or CP949", "; if it is text in another encoding, save it as UTF-8"
    # No multi-byte character of CP949 or UTF-8 holds the byte 0x0A, so lines may be cut before decoding.
    for number, line in enumerate(data.split(b"\n"), start=1):
        try:
            lines.append(line.decode(encoding, errors).removesuffix("\r"))
        except UnicodeDecodeError as error:
            found = f"the bytes {line[error.start : error.end].hex(' ')} at byte {error.start + 1}"
            problems.append(Problem(path, number, f"expected {expected} text, found {found}{step}"))
            lines.append(None)
    return DecodedFile(encoding, lines, problems)


def _without_returns(lines: list[str]) -> list[str | None]:
    return [line.removesuffix("\r") for line in lines]


def _is_mostly_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8", _errors("utf-8"))
    except UnicodeDecodeError:
        runs = _HIGH_BYTES.findall(data)
        return 2 * sum(len(run) for run in runs if _is_utf8(run)) >= sum(map(len, runs))
    return True


def _errors(encoding: str) -> str:
    """Half characters are taken where the encoding can hold them: they are no fault of a whole line."""
    return "surrogatepass" if encoding == "utf-8" else "strict"


def _is_utf8(run: bytes) -> bool:
    try:
        run.decode("utf-8", _errors("utf-8"))
    except UnicodeDecodeError:
        return False
    return True
