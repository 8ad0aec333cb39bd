from pathlib import Path

import pytest

from sunwi.corpus.decode import decode_file

TEXT = "첫째 줄입니다.\n둘째 줄, 뷁과 햏도.\n"


@pytest.mark.parametrize(
    ("codec", "expected"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("cp949", "cp949"),
    ],
)
def test_finds_the_encoding(tmp_path: Path, codec: str, expected: str) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(TEXT.encode(codec))
    decoded = decode_file(path)
    assert (decoded.encoding, decoded.text, decoded.problems) == (expected, TEXT, [])


def test_euc_kr_is_read_as_cp949_and_windows_line_ends_go(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes("한글 문서\r\n둘째 줄\r\n".encode("euc-kr"))
    decoded = decode_file(path)
    assert (decoded.encoding, decoded.lines) == ("cp949", ["한글 문서", "둘째 줄", ""])


def test_a_broken_line_of_utf8_is_named_and_never_read_as_cp949(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes("좋은 줄\n".encode() + "나쁜 ".encode() + b"\xc7\xd1 \n" + "또 좋은 줄\n".encode())
    decoded = decode_file(path)
    assert decoded.encoding == "utf-8"
    assert decoded.lines == ["좋은 줄", None, "또 좋은 줄", ""]
    assert [problem.line for problem in decoded.problems] == [2]
    assert "UTF-8" in decoded.problems[0].message
    assert "byte 8" in decoded.problems[0].message
    assert decoded.text is None


def test_every_line_that_is_neither_is_named(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes("가나다\n".encode("cp949") + b"\xff\xff\n" + "라마바\n".encode("cp949") + b"\xff\n")
    assert [problem.line for problem in decode_file(path).problems] == [2, 4]


def test_a_broken_utf16_file_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes("가\n나".encode("utf-16") + b"\x00")
    decoded = decode_file(path)
    assert [(problem.line, decoded.text) for problem in decoded.problems] == [(2, None)]


def test_utf16_without_a_mark_and_missing_files_are_problems(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(TEXT.encode("utf-16-le"))
    assert "byte order mark" in decode_file(path).problems[0].message
    assert "does not exist" in decode_file(tmp_path / "none.txt").problems[0].message
    assert "a folder" in decode_file(tmp_path).problems[0].message


def test_unicode_line_separators_end_no_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": "x\u2028y\u0085z"}\n', encoding="utf-8")
    assert decode_file(path).lines == ['{"a": "x\u2028y\u0085z"}', ""]
