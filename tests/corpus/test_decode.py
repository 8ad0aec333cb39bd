import bz2
import gzip
import io
import lzma
import zipfile
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
        ("utf-32", "utf-32"),
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


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("gb18030", "水在零度结冰，一百度沸腾。\n"),
        ("gb18030", "本合同自双方签字之日起生效。甲方应当按照约定支付价款。\n"),
        ("big5", "月亮一個月繞地球一圈。台灣的首都是台北，人口超過兩百萬。\n"),
        ("euc_jp", "水は零度で凍り、百度で沸騰する。\n"),
        ("latin-1", "Die Größe der Öffnung ändert sich für Süßwasser.\n"),
        ("cp1251", "Вода замерзает при нуле градусов.\n"),
    ],
)
def test_other_legacy_encodings_are_one_problem_with_the_next_step(
    tmp_path: Path, codec: str, text: str
) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(b"id,text\n" + text.encode(codec))
    [problem] = decode_file(path).problems
    assert problem.line == 2
    assert "neither UTF-8 nor Korean" in problem.message
    assert "save it as UTF-8" in problem.message


@pytest.mark.parametrize("text", ["약관\n", "뷁\n", "民法 제1조는 法源을 정한다.\n", "ㅋㅋ 그건 아니지\n"])
def test_korean_of_few_or_rare_syllables_or_with_hanja_is_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(text.encode("cp949"))
    decoded = decode_file(path)
    assert (decoded.encoding, decoded.text) == ("cp949", text)


def test_a_zero_byte_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "text.csv"
    path.write_bytes("id,text\n1,가나다\n2,라\0마바사\n3,아\n4,차\0\n".encode())
    problems = decode_file(path).problems
    assert [problem.line for problem in problems] == [3, 5]
    assert "zero byte" in problems[0].message
    assert "byte 6" in problems[0].message


def _zipped(*names: str, text: str = "a") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, text)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(TEXT.encode(), mtime=0),
        gzip.compress(TEXT.encode("cp949"), mtime=0),
        bz2.compress(TEXT.encode("utf-16")),
        lzma.compress(TEXT.encode()),
        _zipped("한글.json", text=TEXT),
        _zipped("a/", "a/b.json", "__MACOSX/a/._b.json", text=TEXT),
    ],
)
def test_packed_files_are_read(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_bytes(data)
    assert decode_file(path).text == TEXT


def test_a_packed_file_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sunwi.corpus.unpacking.MAX_UNPACKED", 100)
    path = tmp_path / "bomb.gz"
    for pack in (gzip.compress, bz2.compress, lzma.compress, lambda data: _zipped("a", text=data.decode())):
        path.write_bytes(pack(b"a" * 101))
        [problem] = decode_file(path).problems
        assert "larger than 100 bytes; unpack and split it" in problem.message
        path.write_bytes(pack(b"a" * 100))
        assert decode_file(path).text == "a" * 100


@pytest.mark.parametrize("codec", ["utf-8", "cp949", "utf-16", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_kind(tmp_path: Path, codec: str, end: str) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(f"가나다{end}라마바{end}".encode(codec))
    assert decode_file(path).lines == ["가나다", "라마바", ""]


@pytest.mark.parametrize(
    ("data", "what", "step"),
    [
        (gzip.compress(b"a", mtime=0)[:-9], "gzip, found a damaged one", "copy it again"),
        (bz2.compress(b"a")[:-9], "bzip2, found a damaged one", "copy it again"),
        (lzma.compress(b"a")[:-9], "xz, found a damaged one", "copy it again"),
        (_zipped("a.json")[:-9], "zip archive, found a damaged one", "copy it again"),
        (_zipped("a.json", "b.json"), "one file, found 2: a.json, b.json", "unzip"),
        (_zipped(), "one file, found 0: none", "unzip"),
        (_zipped("[Content_Types].xml"), "document of Word", "UTF-8"),
        (_zipped("[Content_Types].xml", "xl/workbook.xml"), "Excel", "sunwi import table"),
        (b"\x28\xb5\x2f\xfd", "zstd", "unzstd"),
        (b"%PDF-1.7\n", "PDF", "UTF-8"),
        (b"PAR1\x15", "Parquet", "import table"),
    ],
)
def test_what_is_no_text_is_named_with_the_way_on(tmp_path: Path, data: bytes, what: str, step: str) -> None:
    path = tmp_path / "corpus.jsonl"  # its suffix says nothing
    path.write_bytes(data)
    [problem] = decode_file(path).problems
    assert what in problem.message
    assert step in problem.message
