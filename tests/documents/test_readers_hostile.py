"""Whatever the bytes, a reader raises its own fault or gives blocks; places on a page decide paragraphs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.documents import made_files

from sunwi.documents.reader import ReadingFault
from sunwi.documents.readers.pdf import MAX_STRUCTURED
from sunwi.documents.reading import find_files
from sunwi.documents.registry import READERS, readers
from sunwi.documents.sniffing import NotADocument, format_of
from sunwi.documents.whole_text.joining import join_lines
from sunwi.documents.whole_text.whole import make_whole

MADE = {
    "docx": made_files.docx(),
    "pptx": made_files.pptx(),
    "xlsx": made_files.xlsx(),
    "hwp": made_files.HWP.read_bytes(),
    "hwpx": made_files.hwpx("보증 안내", "한도"),
    "pdf": made_files.pdf([(60, 700, 11, "A guarantee covers a loan.")]),
    "html": "<h1>보증</h1><table><tr><td>가<td>나</table>".encode(),
    "markdown": "# 보증\n\n|가|나|\n|-|-|\n".encode(),
    "text": "보증 한도".encode("cp949"),
}


@pytest.mark.parametrize("form", sorted(MADE))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_file_gives_blocks_or_a_fault(form: str, data: st.DataObject, tmp_path: Path) -> None:
    content = bytearray(MADE[form])
    for _ in range(data.draw(st.integers(0, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))] + data.draw(st.binary(max_size=20))
    read_bytes(tmp_path, form, bytes(content))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(content=b"", form="html")
@example(content=b"<html><!-- ", form="html")
@example(content=b"<a href=" * 3000, form="html")
@example(content=b"<div>" * 5000, form="html")
@example(content=b"> " * 3000, form="markdown")
@given(content=st.binary(max_size=300), form=st.sampled_from(sorted(MADE)))
def test_random_bytes_give_blocks_or_a_fault(content: bytes, form: str, tmp_path: Path) -> None:
    read_bytes(tmp_path, form, content)


def read_bytes(tmp_path: Path, form: str, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert isinstance(format_of(path, f"file.{form}"), str | NotADocument)
    try:
        found = readers()[form][1].read(path, False)
    except ReadingFault:
        return
    make_whole(found.blocks, laid_out=found.laid_out)


def test_a_file_of_2_gb_is_named_without_being_read(tmp_path: Path) -> None:
    large = tmp_path / "큰.pdf"
    large.write_bytes(b"%PDF-1.7")
    os.truncate(large, 2 * 1024**3)  # a hole: it takes no room on disk
    found = find_files([tmp_path])
    assert found.files == ()
    (one,) = found.unread
    assert one.reason == "it has 2,147,483,648 bytes; the limit is 1,073,741,824"


def test_a_very_long_pdf_is_read_without_its_structure(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    pages = [[(60.0, 700.0, 20.0, f"Part {number}.")] for number in range(MAX_STRUCTURED + 1)]
    path.write_bytes(made_files.pdf(*pages))
    found = readers()["pdf"][1].read(path, False)
    assert found.pages == len({block.page for block in found.blocks}) == MAX_STRUCTURED + 1
    assert found.warnings == [f"more than {MAX_STRUCTURED} pages: read without headings and tables"]


def test_a_zip_with_a_password_has_one_line_a_member(tmp_path: Path) -> None:
    content = bytearray(made_files.zipped({"a.txt": b"text", "b/c.txt": b"text"}))
    for mark, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):  # where a local and a central header have them
        start = content.find(mark)
        while start >= 0:
            content[start + flags] |= 0x1
            start = content.find(mark, start + 4)
    (tmp_path / "잠김.zip").write_bytes(content)
    found = find_files([tmp_path])
    reasons = {one.path: one.reason for one in found.unread}
    assert reasons == dict.fromkeys(["잠김.zip/a.txt", "잠김.zip/b/c.txt"], "the archive has a password")


def test_a_paragraph_of_very_many_lines_is_joined() -> None:
    whole, joined = join_lines("\n".join(["the state-", "ment of a loan"] * 100_000))
    assert whole.startswith("the statement of a loan the statement")
    assert joined == 100_000


def test_every_format_of_the_project_is_tried_here() -> None:
    assert {form for reader in READERS.all().values() for form in reader.formats} - {
        "doc",
        "ppt",
        "xls",
    } == set(MADE)


def test_columns_are_joined_and_lists_are_not(tmp_path: Path) -> None:
    left = [f"the left column line {number:02} goes on with" for number in range(8)]
    right = [f"the right column row {number:02} goes on with" for number in range(8)]
    items = ["first thing", "second one", "third thing"]
    page = [(60.0, 760.0, 20.0, "Terms")]
    page += [(60.0, 700.0 - 14 * row, 11.0, text) for row, text in enumerate(left)]
    page += [(310.0, 700.0 - 14 * row, 11.0, text) for row, text in enumerate([*right[:-1], "the end."])]
    page += [(60.0, 500.0 - 14 * row, 11.0, text) for row, text in enumerate(items)]
    path = tmp_path / "a.pdf"
    path.write_bytes(made_files.pdf(page))
    found = readers()["pdf"][1].read(path, False)
    blocks, _ = make_whole(found.blocks, laid_out=found.laid_out)
    assert [(block.kind, block.text) for block in blocks] == [
        ("heading", "Terms"),
        ("paragraph", " ".join([*left, *right[:-1], "the end."])),
        *(("paragraph", item) for item in items),
    ]


@pytest.mark.parametrize(
    ("lines", "whole"),
    [
        ("보증료율은 연 0.5퍼\n센트에서 2퍼센트 사이이며", "보증료율은 연 0.5퍼센트에서 2퍼센트 사이이며"),
        ("신용등급과 보증기간에 따라\n달라진다.", "신용등급과 보증기간에 따라 달라진다."),
        ("한도는 다르다.\n심사는 칠 일이", "한도는 다르다. 심사는 칠 일이"),
        ("소상공인(\n개인사업자\n)은", "소상공인(개인사업자)은"),
        ("채 \n무", "채 무"),  # the file has a space
    ],
)
def test_line_ends_become_what_the_writer_wrote(lines: str, whole: str) -> None:
    assert join_lines(lines)[0] == whole
