"""Scanned pages by Debian's tesseract, where it is installed with Korean."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.documents import made_files

from sunwi.documents.reading import ReadDocument, ReadingOptions, UnreadFile, find_files, read_files


def has_korean() -> bool:
    if shutil.which("tesseract") is None:
        return False
    listed = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=False)
    return "kor" in listed.stdout.split()


def read_scan(*, ocr: bool) -> ReadDocument | UnreadFile:
    (one,) = read_files(find_files([made_files.SCANNED]).files, ReadingOptions(ocr=ocr))
    return one


@pytest.mark.skipif(not has_korean(), reason="apt-get install tesseract-ocr tesseract-ocr-kor")
def test_a_scanned_page_is_read_where_it_is_asked_for() -> None:
    without = read_scan(ocr=False)
    assert isinstance(without, UnreadFile)
    assert (without.reason, "--ocr" in without.next_step) == ("1 page, no text: scanned?", True)
    one = read_scan(ocr=True)
    assert isinstance(one, ReadDocument)
    texts = [block.text for block in one.blocks]
    assert {"심사에는 보통 칠 일이 걸린다.", "신청은 지점에서 받는다."} <= set(texts)
    assert {block.page for block in one.blocks} == {1}
    assert one.warnings == ("1 page without text read by tesseract: look for wrong letters",)


def test_without_tesseract_the_next_step_is_its_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    one = read_scan(ocr=True)
    assert isinstance(one, UnreadFile)
    assert one.reason == "tesseract is not installed"
    assert one.next_step == "run `apt-get install tesseract-ocr tesseract-ocr-kor`"
