import gzip
import json
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import pytest

from sunwi.corpus.importing import import_source
from sunwi.errors import InputProblems
from sunwi.records.corpus import Document
from sunwi.records.files import read_rows


def imported(out: Path) -> list[Document]:
    return read_rows(out / "corpus.jsonl", Document)


def test_csv_in_cp949_with_quoted_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "약관.csv"
    path.write_bytes(
        '번호,제목,본문,비고\n1,해지,"계약을\n""해지""한다.",x\n2,,이자를 낸다.,y\n'.encode("cp949")
    )
    report = import_source("table", tmp_path / "out", file=path, content="본문", docid="번호", title="제목")
    assert [(row.docid, row.title, row.content) for row in imported(tmp_path / "out")] == [
        ("1", "해지", '계약을\n"해지"한다.'),
        ("2", "", "이자를 낸다."),
    ]
    assert report.counted == {"field '비고' of 약관.csv is not used": 2}
    assert report.encodings == {"약관.csv": "cp949"}


def test_made_ids_depend_on_the_content_and_same_contents_are_both_kept(tmp_path: Path) -> None:
    first, second = tmp_path / "a.tsv", tmp_path / "b.tsv"
    first.write_text("content\tsrc\n같은 글\t가\n다른 글\t나\n같은 글\t다\n", encoding="utf-8")
    second.write_text("content\n새 글\n다른 글\n", encoding="utf-8")
    import_source("table", tmp_path / "one", file=first, src="src")
    import_source("table", tmp_path / "two", file=second)
    one = {row.docid: row for row in imported(tmp_path / "one")}
    two = {row.content: row.docid for row in imported(tmp_path / "two")}
    assert len(one) == 3
    assert one[two["다른 글"]].src == "나"
    same = sorted((row.docid, row.src) for row in one.values() if row.content == "같은 글")
    assert same[1] == (same[0][0] + "-2", "다")


def test_parquet_by_column_names(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "set.parquet"
    columns = {"id": [11, 12], "글": ["첫 글", "둘째 글"], "제목": ["하나", None], "쪽": [1, 2]}
    parquet.write_table(pyarrow.table(columns), path)
    report = import_source("table", tmp_path / "out", file=path, content="글", docid="id", title="제목")
    assert [(row.docid, row.title, row.content) for row in imported(tmp_path / "out")] == [
        ("11", "하나", "첫 글"),
        ("12", None, "둘째 글"),
    ]
    assert report.counted == {"field '쪽' of set.parquet is not used": 2}


def test_parquet_faults_name_the_row(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "set.parquet"
    parquet.write_table(pyarrow.table({"content": ["글", None, ""]}), path)
    with pytest.raises(InputProblems) as caught:
        import_source("table", tmp_path / "out", file=path)
    assert [problem.message.split(":")[0] for problem in caught.value.problems] == ["row 2", "row 3"]
    path.write_bytes(b"no parquet")
    with pytest.raises(InputProblems, match="expected a Parquet file"):
        import_source("table", tmp_path / "out", file=path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("첫 글\n둘째 글\n", ["첫 글", "둘째 글"]),
        ("\n\n첫 글\n둘째 글\n\n", ["첫 글", "둘째 글"]),
        ("첫 글의\n두 줄\n\n둘째 글\n \n셋째 글\n", ["첫 글의\n두 줄", "둘째 글", "셋째 글"]),
    ],
)
def test_plain_text_by_line_or_by_empty_line(tmp_path: Path, text: str, expected: list[str]) -> None:
    path = tmp_path / "글.txt"
    path.write_text(text, encoding="utf-16")
    import_source("table", tmp_path / "out", file=path)
    assert sorted(row.content for row in imported(tmp_path / "out")) == sorted(expected)


def test_table_faults_name_line_and_columns(tmp_path: Path) -> None:
    path = tmp_path / "set.csv"
    path.write_text('content,id\n"두\n줄",1\n글\n,2\n글,1\n"끝이 없다,3\n', encoding="utf-8")
    with pytest.raises(InputProblems) as caught:
        import_source("table", tmp_path / "out", file=path, docid="id")
    assert [(problem.line, problem.message.split(",")[0]) for problem in caught.value.problems] == [
        (4, "expected 2 columns"),
        (5, "field 'content': String should have at least 1 character; found ''"),
        (7, "the table cannot be read from here on: unexpected end of data"),
        (6, "docid '1' was given before"),
    ]
    with pytest.raises(InputProblems, match="expected a column '본문', found 'content', 'id'"):
        import_source("table", tmp_path / "out", file=path, content="본문")


JSON_LINES = '{"id": "1", "text": "첫 글"}\n\n{"id": "2", "text": "둘째 글"}\n'
JSON_ARRAY = '[\n {"id": "1", "text": "첫 글"},\n {"id": "2", "text": "둘째 글"}\n]'


@pytest.mark.parametrize("name", ["a", "a.txt", "a.csv", "a.tsv", "a.json", "a.csv.txt"])
@pytest.mark.parametrize(
    "text",
    [
        "id,text\n1,첫 글\n2,둘째 글\n",
        "id\ttext\n1\t첫 글\n2\t둘째 글\n",
        "\n\nid;text\n1;첫 글\n\n2;둘째 글\n",
        JSON_LINES,
        JSON_ARRAY,
    ],
)
def test_a_file_is_what_its_content_says(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    import_source("table", tmp_path / "out", file=path, content="text", docid="id")
    rows = [(row.docid, row.content) for row in imported(tmp_path / "out")]
    assert rows == [("1", "첫 글"), ("2", "둘째 글")]


def test_parquet_of_another_suffix(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    path = tmp_path / "set.csv"
    pytest.importorskip("pyarrow.parquet").write_table(pyarrow.table({"content": ["글"]}), path)
    import_source("table", tmp_path / "out", file=path)
    assert [row.content for row in imported(tmp_path / "out")] == ["글"]


@pytest.mark.parametrize("option", ["content", "docid", "title", "src"])
def test_columns_of_plain_text_are_a_fault(tmp_path: Path, option: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text("첫 글\n둘째 글\n", encoding="utf-8")
    columns: dict[str, Any] = {option: "id"}
    with pytest.raises(InputProblems, match="found plain text, which has none"):
        import_source("table", tmp_path / "out", file=path, **columns)


@pytest.mark.parametrize("text", ["[속보] 첫 글\n{둘째} 글\n", "content\n첫 글\n", "text, content: 첫 글\n"])
def test_plain_text_that_begins_as_something_else_stays_plain_text(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(text, encoding="utf-8")
    import_source("table", tmp_path / "out", file=path)
    assert sorted(row.content for row in imported(tmp_path / "out")) == sorted(text.splitlines())


def test_json_faults(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"content": "글"}\n{"text": "글"}\n{"content": \n', encoding="utf-8")
    with pytest.raises(InputProblems) as caught:
        import_source("table", tmp_path / "out", file=path)
    assert sorted(problem.line or 0 for problem in caught.value.problems) == [2, 3]
    path.write_text('{\n"data": [\n]}\n', encoding="utf-8")
    with pytest.raises(InputProblems, match="found one JSON document; `sunwi import squad`"):
        import_source("table", tmp_path / "out", file=path)


@pytest.mark.parametrize("text", ["id,text,text\n1,글,나\n", "id\tid\ttext\n1\t2\t글\n"])
def test_two_columns_of_one_name_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "set.csv"
    path.write_text(text, encoding="utf-8")
    doubled = "text" if "text,text" in text else "id"
    with pytest.raises(InputProblems, match=rf"set\.csv:1: 2 columns have the name '{doubled}'"):
        import_source("table", tmp_path / "out", file=path, content="text", docid="id")


def test_two_parquet_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    path = tmp_path / "set.parquet"
    table = pyarrow.Table.from_arrays([pyarrow.array(["가"]), pyarrow.array(["나"])], names=["content"] * 2)
    pytest.importorskip("pyarrow.parquet").write_table(table, path)
    with pytest.raises(InputProblems, match="2 columns have the name 'content'"):
        import_source("table", tmp_path / "out", file=path)


def test_blank_rows_are_passed_over_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n,,\nid,text,비고\n1,첫 글,\n,,\n2,둘째 글,x\n ,\t,\n,,,,\n\n", encoding="utf-8")
    report = import_source("table", tmp_path / "out", file=path, content="text", docid="id")
    assert [row.docid for row in imported(tmp_path / "out")] == ["1", "2"]
    assert report.counted["t.csv: blank rows, passed over"] == 4
    path.write_text("id,text\n1,첫 글\n,둘째 글\n", encoding="utf-8")
    with pytest.raises(InputProblems, match=r"t\.csv:3: field 'id'"):  # not blank: an id is missing
        import_source("table", tmp_path / "out", file=path, content="text", docid="id")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (['1\t"첫 글', '2\t둘째 글"', "3\t셋째"], ['"첫 글', '둘째 글"', "셋째"]),
        (['1\t"인용" 뒤', '2\t"다" 함께 "라"'], ['"인용" 뒤', '"다" 함께 "라"']),
        (['1\t"온전한 ""인용"""', "2\t글"], ['온전한 "인용"', "글"]),
        (['1\t"두\n줄"', "2\t글"], ["두\n줄", "글"]),
        (['1\t글 "가운데" 글', "2\t5'10\""], ['글 "가운데" 글', "5'10\""]),
    ],
)
def test_quotes_of_a_tab_separated_table(tmp_path: Path, rows: list[str], expected: list[str]) -> None:
    path = tmp_path / "t.tsv"
    path.write_text("\n".join(["id\ttext", *rows]) + "\n", encoding="utf-8")
    report = import_source("table", tmp_path / "out", file=path, content="text", docid="id")
    assert [row.content for row in imported(tmp_path / "out")] == expected
    as_text = expected[0].startswith('"')
    assert any("read as text" in name for name in report.counted) == as_text


def test_a_tab_separated_table_of_which_two_rows_would_become_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    path.write_text('id\ttext\n1\t"첫 글\n2\t둘째\t글"\n3\t셋째\n4\t"넷째\n', encoding="utf-8")
    with pytest.raises(InputProblems):
        import_source("table", tmp_path / "out", file=path, content="text", docid="id")


@pytest.mark.parametrize("codec", ["utf-8", "cp949", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_tables_of_every_line_end(tmp_path: Path, codec: str, end: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(end.join(["id,text", '1,"두"', "2,글", ""]).encode(codec))
    import_source("table", tmp_path / "out", file=path, content="text", docid="id")
    assert [row.content for row in imported(tmp_path / "out")] == ["두", "글"]


@pytest.mark.parametrize("name", ["t.csv.gz", "t.gz", "t.zip", "t.csv"])
def test_packed_tables(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    data = "text;id\n글;1\n".encode("cp949")
    if name == "t.zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("표.csv", data)
    else:
        path.write_bytes(gzip.compress(data))
    import_source("table", tmp_path / "out", file=path, content="text", docid="id")
    assert [(row.docid, row.content) for row in imported(tmp_path / "out")] == [("1", "글")]


def workbook(path: Path, **sheets: list[list[Any]]) -> Path:
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


ROWS = [
    ["id", "text", "쪽", None],
    [1, "첫 글", 3, None],
    [None, None],
    ["2 나", "둘째\n글", None, None],
    [3, 42],
]


@pytest.mark.parametrize("name", ["t.xlsx", "t.csv", "t"])
def test_excel_workbooks(tmp_path: Path, name: str) -> None:
    path = workbook(tmp_path / name, 표지=[["설명서"]], 자료=[[], *ROWS], 빈=[])
    report = import_source("table", tmp_path / "out", file=path, content="text", docid="id")
    rows = [(row.docid, row.content) for row in imported(tmp_path / "out")]
    assert rows == [("1", "첫 글"), ("2 나", "둘째\n글"), ("3", "42")]
    assert report.counted == {
        f"{name}: blank rows, passed over": 1,
        f"field '쪽' of {name} is not used": 3,
        f"sheet '표지' of {name} is not used": 1,
    }


def test_excel_faults_name_sheet_and_row(tmp_path: Path) -> None:
    rows = [["id", "content"], [1, None], [1.5, "글"], [True, "글"]]
    path = workbook(tmp_path / "t.xlsx", 자료=rows)
    with pytest.raises(InputProblems) as caught:
        import_source("table", tmp_path / "out", file=path, docid="id")
    places = [problem.message.split(": ")[:2] for problem in caught.value.problems]
    assert places == [
        ["sheet '자료', row 2", "field 'content'"],
        ["sheet '자료', row 3", "field 'id'"],
        ["sheet '자료', row 4", "field 'id'"],
    ]
    workbook(path, 가=rows, 나=rows)
    with pytest.raises(InputProblems, match="the sheets '가', '나' have the columns; keep the one"):
        import_source("table", tmp_path / "out", file=path)
    workbook(path, 가=[["content", "content"], ["글", "글"]])
    with pytest.raises(InputProblems, match="2 columns have the name 'content'"):
        import_source("table", tmp_path / "out", file=path)
    workbook(path, 가=[["id"], ["글"]])
    with pytest.raises(InputProblems, match="row 1: expected a column 'content', found 'id'"):
        import_source("table", tmp_path / "out", file=path)
    workbook(path, 가=[])
    with pytest.raises(InputProblems, match="expected rows in a sheet, found none"):
        import_source("table", tmp_path / "out", file=path)
    with pytest.raises(InputProblems, match="found an Excel workbook; import it by `sunwi import table`"):
        import_source("squad", tmp_path / "out", files=[path])


def test_a_damaged_workbook_is_refused_with_the_next_step(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    with pytest.raises(InputProblems, match=r"workbook cannot be read .*; save it as CSV"):
        import_source("table", tmp_path / "out", file=path)


def test_a_broken_line_of_json_is_never_a_passage(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    for text in ('{"content": \n{"content": "글"}\n', "{'content': '글'}\n", '[{"content": "글"}\n'):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputProblems, match=r"t\.txt:[12]: expected"):
            import_source("table", tmp_path / "out", file=path)


def test_columns_are_found_whatever_normal_form_the_file_or_the_command_has(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    pytest.importorskip("pyarrow.parquet")
    openpyxl = pytest.importorskip("openpyxl")
    parts = {name: unicodedata.normalize("NFD", name) for name in ("번호", "본문", "출처")}
    row = {parts["번호"]: "가1", parts["본문"]: "물은 얼면 부피가 는다.", parts["출처"]: "책"}
    csv, lines, parquet, sheet = (tmp_path / name for name in ("a.csv", "a.jsonl", "a.parquet", "a.xlsx"))
    csv.write_text(f"{','.join(row)}\n{','.join(row.values())}\n", encoding="utf-8")
    lines.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    pyarrow.parquet.write_table(pyarrow.table({name: [value] for name, value in row.items()}), parquet)
    book = openpyxl.Workbook()
    book.active.append(list(row))
    book.active.append(list(row.values()))
    book.save(sheet)
    expected = [("가1", "물은 얼면 부피가 는다.", "책")]
    for file in (csv, lines, parquet, sheet):
        for form in ("NFC", "NFD"):
            content, docid, src = (unicodedata.normalize(form, name) for name in ("본문", "번호", "출처"))
            out = tmp_path / f"{file.suffix[1:]}-{form}"
            import_source("table", out, file=file, content=content, docid=docid, src=src)
            assert [(row.docid, row.content, row.src) for row in imported(out)] == expected


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_two_columns_of_one_name_in_two_normal_forms_are_a_fault(tmp_path: Path, name: str) -> None:
    names = ["본문", unicodedata.normalize("NFD", "본문")]
    path = tmp_path / name
    rows = {
        "a.csv": f"{','.join(names)}\n가,나\n",
        "a.jsonl": json.dumps(dict(zip(names, "가나", strict=True))),
    }
    path.write_text(rows[name], encoding="utf-8")
    with pytest.raises(InputProblems, match=r"2 columns have the name|two fields have names that differ"):
        import_source("table", tmp_path / "out", file=path, content="본문")
    assert not (tmp_path / "out").exists()
