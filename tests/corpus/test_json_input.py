"""JSON as others write it: whole arrays, pretty-printed files, doubled keys, odd numbers, deep nesting."""

import json
from pathlib import Path

import pytest

from sunwi.corpus.importing import ImportReport, import_source
from sunwi.errors import InputProblems, Problem
from sunwi.records.corpus import Document
from sunwi.records.files import read_rows

ROWS = [{"docid": f"d{number}", "content": f'{number}번째 글, [괄호]와 "따옴표"'} for number in range(4)]


def imported(tmp_path: Path, text: str) -> tuple[ImportReport, list[Document]]:
    path = tmp_path / "d.jsonl"
    path.write_text(text, encoding="utf-8")
    report = import_source("competition", tmp_path / "out", documents=path)
    return report, read_rows(tmp_path / "out" / "corpus.jsonl", Document)


def problems(tmp_path: Path, text: str) -> list[Problem]:
    with pytest.raises(InputProblems) as caught:
        imported(tmp_path, text)
    assert not (tmp_path / "out").exists()
    return caught.value.problems


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(json.dumps(row) for row in ROWS),
        json.dumps(ROWS),
        json.dumps(ROWS, indent=2),
        "\ufeff\n" + json.dumps(ROWS, indent=2, ensure_ascii=False) + "\n\n",
        "\n".join(json.dumps(row, indent=2) for row in ROWS),  # as jq prints
        "".join(json.dumps(row) for row in ROWS),
        "\r".join(json.dumps(row) for row in ROWS),
        "[\n" + ",\n".join(json.dumps(row) for row in ROWS) + "\n]",
    ],
)
def test_lines_arrays_and_printed_objects_read_alike(tmp_path: Path, text: str) -> None:
    _, documents = imported(tmp_path, text)
    assert [row.model_dump(exclude_none=True) for row in documents] == ROWS


def test_a_comma_behind_a_line_is_left_out_and_counted(tmp_path: Path) -> None:
    report, documents = imported(tmp_path, ",\n".join(json.dumps(row) for row in ROWS) + ",\n")
    assert len(documents) == 4
    assert report.counted == {"d.jsonl: commas behind an object, left out": 4}


def test_a_key_twice_is_named_with_its_line(tmp_path: Path) -> None:
    lines = [
        '{"docid": "a", "content": "글", "content": "다른 글"}',
        '{"docid": "b", "content": "글"}',
        '{"docid": "c", "content": "글", "metadata": {"쪽": 1, "쪽": 2}}',
    ]
    for text in ("\n".join(lines), "[" + ",\n".join(lines) + "]"):
        found = problems(tmp_path, text)
        assert [problem.line for problem in found] == [1, 3]
        assert "the key 'content' occurs twice" in found[0].message
        assert "the key '쪽' occurs twice" in found[1].message


def test_a_key_twice_in_a_squad_file_shows_the_object(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    question = '{"id": "q1", "question": "뭐?", "id": "q2"}'
    path.write_text('{"data": [{"paragraphs": [{"context": "글", "qas": [' + question + "]}]}]}", "utf-8")
    with pytest.raises(InputProblems, match="the key 'id' occurs twice in the object of 'id: q1, question"):
        import_source("squad", tmp_path / "out", files=[path])


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("7" * 4301, "has 4,301 digits, over 4,300"),
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ("[" * 800 + "]" * 800, "field 'content'"),
        ("{'a': 1}", "double quotes"),
        ('"\n"', "Invalid control character"),
    ],
)
def test_what_no_reader_takes_is_a_fault_of_its_line(tmp_path: Path, value: str, what: str) -> None:
    good = '{"docid": "a", "content": "글"}'
    found = problems(
        tmp_path, f'{good}\n{{"docid": "b", "content": {value}}}\n'.replace('"\n"', '"\t"') + good
    )
    assert found[0].line == 2
    assert what in found[0].message


def test_numbers_of_4300_digits_are_ids(tmp_path: Path) -> None:
    _, [document] = imported(tmp_path, f'{{"docid": {"7" * 4300}, "content": "글"}}')
    assert document.docid == "7" * 4300


@pytest.mark.parametrize("value", ["NaN", "1.0", "true", "null", "[1]", '{"a": 1}', "-Infinity"])
def test_ids_are_text_or_whole_numbers(tmp_path: Path, value: str) -> None:
    [problem] = problems(tmp_path, f'{{"docid": {value}, "content": "글"}}\n')
    assert problem.message.startswith("field 'docid': expected text or a whole number as id, found ")
    documents, queries = tmp_path / "d.jsonl", tmp_path / "q.jsonl"
    documents.write_text('{"docid": 1, "content": "글"}\n', encoding="utf-8")
    queries.write_text(
        f'{{"eval_id": {value}, "msg": [{{"role": "user", "content": "뭐?"}}]}}\n', encoding="utf-8"
    )
    with pytest.raises(InputProblems, match="field 'eval_id': expected text or a whole number as id"):
        import_source("competition", tmp_path / "out", documents=documents, queries=queries)


@pytest.mark.parametrize(
    ("text", "lines", "what"),
    [
        (json.dumps(ROWS, indent=2)[:-30], [16], "nothing is read from here on"),
        (json.dumps(ROWS, indent=2)[:-2], [17], "found the end of the file"),
        (json.dumps(ROWS, indent=2) + "\n뒤", [19], "nothing behind the JSON array"),
        (json.dumps(ROWS, indent=2)[:-2] + ",\n]", [14], "a comma behind the last value"),
        ('[{"docid": "a", "content": "글"},\n3,\n"글"\n]', [2, 3], "expected a JSON object"),
        ('[{"docid": "a", "content": "글"}\n{"docid": "b", "content": "글"}]', [2], "expected a comma"),
    ],
)
def test_a_broken_array_has_few_faults_with_lines(
    tmp_path: Path, text: str, lines: list[int], what: str
) -> None:
    found = problems(tmp_path, text)
    assert [problem.line for problem in found] == lines
    assert what in found[0].message


def test_one_document_of_the_squad_family_names_its_importer(tmp_path: Path) -> None:
    for text in ('{"version": "1", "data": []}', '{\n"data": [\n]}'):
        [problem] = problems(tmp_path, text)
        assert "`sunwi import squad` reads" in problem.message
