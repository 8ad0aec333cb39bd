"""Text of a page that is a picture, by Debian's tesseract with Korean."""

from __future__ import annotations

import os
import re
import subprocess
from functools import cache
from typing import Any

from sunwi.documents.blocks import Block
from sunwi.documents.reader import ReadingFault

DPI = 300
LAYOUT = "4"  # one column of lines: its own finding of columns breaks Korean lines into syllables
MAX_PIXELS = 40_000_000  # of a rendered page: a hostile page may state any size
INSTALL = "run `apt-get install tesseract-ocr tesseract-ocr-kor`"
_GAP = re.compile(r"\n\s*\n")


def scanned_blocks(document: Any, number: int) -> list[Block]:
    """Paragraphs of page `number` (from 1).

    Raises
    ------
    ReadingFault
        If tesseract or its Korean data is not installed, or it fails.
    """
    command = ["tesseract", "stdin", "stdout", "-l", _languages(), "--dpi", str(DPI), "--psm", LAYOUT]
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}  # its threads make it slower
    done = subprocess.run(
        command, input=_picture(document, number), capture_output=True, check=False, env=environment
    )
    if done.returncode:
        what = done.stderr.decode("utf-8", "replace").strip()[-200:]
        raise ReadingFault(f"tesseract failed on page {number} ({what})", "read it without `--ocr`")
    groups = _GAP.split(done.stdout.decode("utf-8", "replace").replace("\f", ""))
    texts = ["\n".join(line.strip() for line in group.split("\n") if line.strip()) for group in groups]
    return [Block(kind="paragraph", text=text, page=number) for text in texts if text]


@cache
def _languages() -> str:
    """Korean, and English where it is installed: Debian's Korean model reads no Latin letter."""
    try:
        listed = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise ReadingFault("tesseract is not installed", INSTALL) from None
    found = set(listed.stdout.split())
    if "kor" not in found:
        raise ReadingFault("tesseract has no Korean data", INSTALL)
    return "kor+eng" if "eng" in found else "kor"


def _picture(document: Any, number: int) -> bytes:
    """A page in grey as PNM, which tesseract reads without another library here."""
    page = document[number - 1]
    width, height = page.get_size()
    scale = min(DPI / 72, (MAX_PIXELS / max(width * height, 1.0)) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True)
    try:
        rows = bytes(bitmap.buffer)
        stride, wide, high = bitmap.stride, bitmap.width, bitmap.height
        pixels = b"".join(rows[row * stride : row * stride + wide] for row in range(high))
        return b"P5 %d %d 255\n" % (wide, high) + pixels
    finally:
        bitmap.close()
        page.close()
