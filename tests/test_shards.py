"""Tables in shards: the rows of one file, one changed shard for a changed row, faults by shard and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunwi.corpus.source import assemble, read_source, write_source
from sunwi.errors import InputProblems
from sunwi.records.corpus import Document, Query
from sunwi.records.files import iter_rows, read_rows, write_rising, write_rows


def documents(count: int) -> list[Document]:
    return [Document(docid=f"d{number:05d}", content=f"passage {number}") for number in range(count)]


def shards(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


@given(st.sets(st.text(min_size=1), max_size=60), st.integers(1, 20))
def test_shards_in_their_order_are_the_one_file(
    tmp_path_factory: pytest.TempPathFactory, docids: set[str], size: int
) -> None:
    folder = tmp_path_factory.mktemp("tables")
    rows = [Document(docid=docid, content=docid * 2) for docid in docids]
    assert write_rows(folder / "one.jsonl", rows) == len(rows)
    assert write_rows(folder / "many.jsonl", rows, size) == len(rows)
    written = [shard.read_bytes() for shard in shards(folder / "many.jsonl")]
    assert b"".join(written) == (folder / "one.jsonl").read_bytes()
    assert read_rows(folder / "many.jsonl", Document) == read_rows(folder / "one.jsonl", Document)
    lines = [shard.count(b"\n") for shard in written]
    assert all(size // 2 <= count <= 4 * size for count in lines[:-1])
    assert written == [b""] or all(written)


def test_a_shard_has_the_rows_asked_for_on_average(tmp_path: Path) -> None:
    write_rows(tmp_path / "corpus.jsonl", documents(20_000), 100)
    assert 160 <= len(shards(tmp_path / "corpus.jsonl")) <= 240


@pytest.mark.parametrize("at", [0, 777, 1999])
def test_a_row_more_or_less_changes_the_shards_beside_it(tmp_path: Path, at: int) -> None:
    rows = documents(2000)
    tables = {"whole": rows, "less": rows[:at] + rows[at + 1 :]}
    tables["more"] = [*rows, Document(docid=rows[at].docid + "a", content="a new passage")]
    content = {}
    for name, of_table in tables.items():
        write_rows(tmp_path / f"{name}.jsonl", of_table, 50)
        content[name] = {shard.read_bytes() for shard in shards(tmp_path / f"{name}.jsonl")}
    assert len(content["whole"]) > 30
    for name in ("less", "more"):
        assert len(content[name] - content["whole"]) <= 3


def test_file_and_shards_take_each_others_place(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    for size in (0, 7, 3, 0, 5):
        write_rows(path, documents(30), size)
        assert path.is_dir() == bool(size)
        assert read_rows(path, Document) == documents(30)
        assert [entry.name for entry in tmp_path.iterdir()] == ["corpus.jsonl"]


def test_a_table_without_rows_is_there_all_the_same(tmp_path: Path) -> None:
    assert write_rows(tmp_path / "corpus.jsonl", [], 10) == 0
    assert [shard.name for shard in shards(tmp_path / "corpus.jsonl")] == ["000000.jsonl"]
    assert read_rows(tmp_path / "corpus.jsonl", Document) == []


def test_a_fault_while_shards_are_written_leaves_the_old_table(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    write_rows(path, documents(30), 5)
    with pytest.raises(InputProblems, match="ids must rise"):
        write_rising(path, [*documents(20), *documents(1)], 5)
    assert read_rows(path, Document) == documents(30)
    assert [entry.name for entry in tmp_path.iterdir()] == ["corpus.jsonl"]


def test_every_fault_is_told_with_its_shard_and_line(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.mkdir()
    (path / "part-2.jsonl").write_text('{"docid": "c", "content": "x"}\n{"docid": "d"}\n', encoding="utf-8")
    (path / "part-10.jsonl").write_text('{"docid": "c", "content": "x"}\nno json\n', encoding="utf-8")
    found = iter_rows(path, Document)
    assert next(found).docid == "c"
    with pytest.raises(InputProblems) as error:
        next(found)
    told = [(problem.path, problem.line) for problem in error.value.problems]
    assert told == [(path / "part-2.jsonl", 2), (path / "part-10.jsonl", 1), (path / "part-10.jsonl", 2)]
    assert "repeats the id 'c'" in str(error.value)


def test_what_is_no_shard_is_named_and_never_removed(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    write_rows(path, documents(9), 3)
    (path / "notes.txt").write_text("mine", encoding="utf-8")
    for action in (
        lambda: read_rows(path, Document),
        lambda: write_rows(path, documents(9), 3),
        lambda: write_rows(path, documents(9)),
    ):
        with pytest.raises(InputProblems, match=r"notes\.txt.*expected a shard"):
            action()
    assert (path / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert len(shards(path)) > 1


def test_an_empty_folder_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").mkdir()
    with pytest.raises(InputProblems, match="the folder is empty"):
        read_rows(tmp_path / "corpus.jsonl", Document)


def test_a_source_folder_may_hold_shards(tmp_path: Path) -> None:
    write_rows(tmp_path / "one" / "corpus.jsonl", documents(40))
    write_rows(tmp_path / "one" / "queries.jsonl", list[Query]())
    whole = assemble(read_source(tmp_path / "one"))
    write_source(whole, tmp_path / "many", 6)
    assert len(shards(tmp_path / "many" / "corpus.jsonl")) > 3
    again = read_source(tmp_path / "many")
    assert assemble(again) == whole
    assert not [name for name in again.encodings if name[0].isdigit()]  # a shard's name tells nobody anything
    (tmp_path / "many" / "corpus.jsonl" / "000001.jsonl").write_text("{}\n", encoding="utf-8")
    (tmp_path / "many" / "corpus.jsonl" / "readme.md").write_text("what is this", encoding="utf-8")
    with pytest.raises(InputProblems, match=r"readme\.md"):
        assemble(read_source(tmp_path / "many"))
