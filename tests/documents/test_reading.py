"""Files of each format become blocks; what cannot be read is named, and the others go on."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from tests.documents import made_files

from sunwi.documents.reading import (
    ReadDocument,
    ReadingOptions,
    SourceFile,
    UnreadFile,
    find_files,
    read_files,
    reader_version,
)
from sunwi.documents.registry import readers
from sunwi.errors import DataError

HEAD, FOOT = (60.0, 800.0, 8.0, "Annual report"), (280.0, 30.0, 8.0)
LONG = "A guarantee covers a loan of a small shop up to the limit that the law"


def read_all(folder: Path, **options: object) -> dict[str, ReadDocument | UnreadFile]:
    found = find_files([folder])
    read = list(read_files(found.files, ReadingOptions.model_validate(options)))
    assert [one.path for one in read] == sorted(one.path for one in read)
    return {one.path: one for one in (*found.unread, *read)}


def shown(one: ReadDocument | UnreadFile) -> list[tuple[str, str]]:
    assert isinstance(one, ReadDocument), one
    return [(block.kind, block.text) for block in one.blocks]


def write(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def test_each_format_gives_its_blocks(tmp_path: Path) -> None:
    page = [(60, 700, 11, LONG), (60, 686, 11, "states, and no more than that.")]
    write(tmp_path, {
        "a.docx": made_files.docx(),
        "b.pptx": made_files.pptx(),
        "c.xlsx": made_files.xlsx(),
        "d.hwp": made_files.HWP.read_bytes(),
        "e.hwpx": made_files.hwpx("보증 안내", "1. 첫째 항목"),
        "f.pdf": made_files.pdf([HEAD, *page, (*FOOT, "1")], [HEAD, *page, (*FOOT, "2")]),
        "g.html": "<nav>메뉴</nav><h2>보증</h2><p>한도는 <b>등급</b>에 따른다.<ul><li>하나</ul>".encode(),
        "h.md": b"# \xeb\xb3\xb4\xec\xa6\x9d\n\n- [x](http://a) **b**\n\n|a|b|\n|-|-|\n|c|d|\n",
        "i.txt": "보증 한도는 등급에 따라 다르다.\n\n- 첫째 항목\n- 둘째 항목".encode("cp949"),
    })  # fmt: skip
    read = read_all(tmp_path)
    assert shown(read["a.docx"]) == [
        ("heading", "보증 안내"),
        ("paragraph", "보증 한도는 신용등급에 따라 다르다."),
        ("table", "구분 | 한도\n1등급 | 8천만 원"),
    ]
    assert read["a.docx"].warnings == ("1 running heads and feet were left out",)
    assert shown(read["b.pptx"])[:2] == [("heading", "개요"), ("paragraph", "개요의 내용이다.")]
    assert not any("사업부" in text for _, text in shown(read["b.pptx"]))  # it stands on each slide
    assert [block.part for block in read["b.pptx"].blocks][::2] == [
        "slide 1",
        "slide 2",
        "slide 3",
        "slide 4",
    ]
    (table,) = read["c.xlsx"].blocks
    assert (table.part, table.rows[0], table.header_rows) == ("지점", ("이름", "주소"), 1)
    assert shown(read["d.hwp"]) == [
        ("heading", "보증 안내"),  # of the style "개요 1"
        ("paragraph", "보증 한도는 신용등급에 따라 다르다."),
        ("paragraph", "심사에는 보통 칠 일이 걸린다."),
    ]
    assert shown(read["e.hwpx"]) == [("paragraph", "보증 안내"), ("list_item", "1. 첫째 항목")]
    whole = f"{LONG} states, and no more than that."
    assert shown(read["f.pdf"]) == [("paragraph", whole), ("paragraph", whole)]
    assert [block.page for block in read["f.pdf"].blocks] == [1, 2]
    assert read["f.pdf"].pages == 2
    assert "4 running heads" in " ".join(read["f.pdf"].warnings)
    assert shown(read["g.html"]) == [
        ("heading", "보증"), ("paragraph", "한도는 등급에 따른다."), ("list_item", "하나"),
    ]  # fmt: skip
    assert read["g.html"].warnings == ("1 menus, side bars and feet were left out",)
    assert shown(read["h.md"]) == [("heading", "보증"), ("list_item", "x b"), ("table", "a | b\nc | d")]
    assert [kind for kind, _ in shown(read["i.txt"])] == ["paragraph", "list_item", "list_item"]


def test_what_gives_no_text_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    good = made_files.docx()
    entities = '<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    write(tmp_path, {
        "bomb.docx": made_files.zipped({
            "[Content_Types].xml": b"<Types/>", "word/document.xml": b" " * 30_000_000,
        }),
        "cut.docx": good[: len(good) // 2],
        "empty.hwp": b"",
        "entities.hwpx": made_files.hwpx("&b;", doctype=entities),
        "named.hwp": good,
        "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(50),
        "scan.pdf": made_files.pdf([], []),
        "blank.hwpx": made_files.hwpx(" "),
        "broken.pdf": b"%PDF-1.7\nnothing",
        "unknown.hwp": bytes(range(256)),
        "rows.csv": b"a,b\n1,2\n",
    })  # fmt: skip
    read = read_all(tmp_path)
    reasons = {name: one.reason for name, one in read.items() if isinstance(one, UnreadFile)}
    assert all(one.next_step for one in read.values() if isinstance(one, UnreadFile))
    expected = {
        "bomb.docx": "zip bomb",
        "cut.docx": "damaged",
        "empty.hwp": "0 bytes",
        "entities.hwpx": "entities",
        "picture.png": "an image",
        "scan.pdf": "2 pages, no text: scanned?",
        "blank.hwpx": "no text",
        "broken.pdf": "damaged",
        "unknown.hwp": "no known document format",
        "rows.csv": "a table",
    }
    assert set(reasons) == set(expected)
    for name, part in expected.items():
        assert part in reasons[name], name
    assert "--ocr" in read["scan.pdf"].next_step
    assert read["named.hwp"].warnings[0] == "its name ends in .hwp, its content is docx"


def test_word_slides_and_sheets_before_2007(tmp_path: Path) -> None:
    write(tmp_path, {"옛.zip": made_files.OLD_OFFICE.read_bytes()})
    read = read_all(tmp_path)
    assert sorted(read) == ["옛.zip/a.doc", "옛.zip/a.ppt", "옛.zip/a.xls"]
    assert shown(read["옛.zip/a.doc"]) == [
        ("heading", "보증 안내"),
        ("paragraph", "보증 한도는 신용등급에 따라 다르다."),
        ("table", "구분 | 한도\n1등급 | 8천만 원"),
    ]
    assert shown(read["옛.zip/a.ppt"])[:2] == [("heading", "개요"), ("list_item", "• 개요의 내용이다.")]
    assert [block.part for block in read["옛.zip/a.ppt"].blocks][::6] == ["slide 1", "slide 4"]
    (sheet,) = read["옛.zip/a.xls"].blocks
    assert (sheet.part, sheet.text) == ("지점", "이름 | 주소\n강남 | 서울\n해운대 | 부산")


def test_each_locked_file_has_one_line_and_the_others_go_on(tmp_path: Path) -> None:
    write(tmp_path, {
        "잠김.zip": made_files.LOCKED.read_bytes(),
        "b.hwp": made_files.locked_hwp(made_files.HWP_PASSWORD),
        "c.hwp": made_files.locked_hwp(made_files.HWP_DRM),
        "d.hwp": made_files.locked_hwp(made_files.HWP_CERTIFICATE),
        "e.hwpx": made_files.locked_hwpx(),
        "f.md": "# 열림\n".encode(),
    })  # fmt: skip
    read = read_all(tmp_path)
    assert shown(read.pop("f.md")) == [("heading", "열림")]
    locked = {name: (one.reason, one.next_step) for name, one in read.items() if isinstance(one, UnreadFile)}
    copy = "open it with its password and save a copy without one"
    assert locked == {
        "b.hwp": ("it has a password or DRM", copy),
        "c.hwp": ("it has a password or DRM", copy),
        "d.hwp": (
            "it is encrypted by a certificate",
            "open it with that certificate and save a copy without encryption",
        ),
        "e.hwpx": ("it has a password or DRM", copy),
        "잠김.zip/a.docx": ("it is an Office document with a password", copy),
        "잠김.zip/a.pdf": ("it has a password", copy),
        "잠김.zip/old.pdf": ("it has a password", copy),
    }


def test_names_archives_links_and_patterns(tmp_path: Path) -> None:
    text = "보증 한도는 등급에 따라 다르다.".encode()
    nfd = unicodedata.normalize("NFD", "안내.txt")
    write(tmp_path, {nfd: text, "b/c.txt": text, "b/d.md": text, ".hidden.txt": text, "~$lock.docx": text})
    (tmp_path / os.fsdecode("규정.txt".encode("cp949"))).write_bytes(text)
    (tmp_path / "b/loop").symlink_to(tmp_path)
    (tmp_path / ".sunwiignore").write_text("*.md\n")
    old = "이름.txt".encode("cp949")
    write_old_zip(tmp_path / "묶음.zip", old, text)
    read = read_all(tmp_path)
    assert sorted(read) == ["b/c.txt", "규정.txt", "묶음.zip/inner.zip", "묶음.zip/이름.txt", "안내.txt"]
    assert shown(read["묶음.zip/이름.txt"]) == shown(read["안내.txt"]) == shown(read["규정.txt"])
    assert isinstance(read["묶음.zip/inner.zip"], UnreadFile)
    assert [one.path for one in find_files([tmp_path], globs=["b/**"]).files] == ["b/c.txt"]
    (tmp_path / "b/loop").unlink()
    both = find_files([tmp_path / "b", tmp_path / "묶음.zip"])
    assert [one.path for one in both.files] == ["b/c.txt", "b/d.md", "묶음.zip/이름.txt"]
    with pytest.raises(DataError, match="no file or folder"):
        find_files([tmp_path / "absent"])


def test_an_archive_of_windows_has_backslashes_between_its_folders(tmp_path: Path) -> None:
    text = "보증 한도는 등급에 따라 다르다.".encode()
    parts = {"규정\\": b"", "규정\\한도.txt": text, "규정\\~$한도.docx": text, "목차.txt": text}
    write(tmp_path, {"윈도.zip": made_files.zipped(parts)})
    read = read_all(tmp_path)
    assert sorted(read) == ["윈도.zip/규정/한도.txt", "윈도.zip/목차.txt"]
    assert shown(read["윈도.zip/규정/한도.txt"]) == [("paragraph", "보증 한도는 등급에 따라 다르다.")]


def test_another_packages_reader_runs_within_the_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site"
    (package / "boom-1.dist-info").mkdir(parents=True)
    (package / "boom-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: boom\nVersion: 1\n")
    (package / "boom-1.dist-info/entry_points.txt").write_text("[sunwi.readers]\nboom = boom:READER\n")
    (package / "boom.py").write_text(
        "import os\n"
        "from sunwi.documents.blocks import Block\n"
        "from sunwi.documents.reader import Extracted, Reader\n"
        "def read(path, ocr):\n"
        "    word = path.read_text()\n"
        "    if word == 'crash': os.abort()\n"
        "    while word == 'hang': pass\n"
        "    if word == 'memory': bytearray(2**33)\n"
        "    if word == 'raise': raise KeyError('x')\n"
        "    print('noise')\n"
        "    return Extracted([Block(kind='paragraph', text=word)])\n"
        "READER = Reader(formats=frozenset({'boom'}), read=read, rules='7')\n"
    )
    monkeypatch.syspath_prepend(str(package))
    monkeypatch.setenv("PYTHONPATH", f"{package}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    readers.cache_clear()
    try:
        assert reader_version("boom").startswith("boom 7")
        files = []
        for word in ("crash", "fine", "hang", "memory", "raise"):
            path = tmp_path / word
            path.write_text(word)
            files.append(SourceFile(path=word, location=path, format="boom", size=len(word), sha256="0" * 64))
        read = {one.path: one for one in read_files(files, ReadingOptions(seconds=1, memory_mb=2048))}
    finally:
        readers.cache_clear()
    assert shown(read.pop("fine")) == [("paragraph", "fine")]
    reasons = {name: one.reason for name, one in read.items() if isinstance(one, UnreadFile)}
    assert reasons == {
        "crash": "its reader crashed (SIGABRT)",
        "hang": "it was not read within 1 seconds",
        "memory": "its reader needs more than 2,048 MiB of memory",
        "raise": "its reader failed (KeyError: 'x')",
    }


def write_old_zip(path: Path, name: bytes, text: bytes) -> None:
    """An archive whose first member's name is in CP949, without the flag for UTF-8."""
    placeholder = "n" * len(name)
    inner = made_files.zipped({"x.txt": text})
    data = made_files.zipped({placeholder: text, "inner.zip": inner})
    path.write_bytes(data.replace(placeholder.encode(), name))
