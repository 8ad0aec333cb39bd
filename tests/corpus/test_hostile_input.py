"""No reader raises anything but the project's own errors, whatever the bytes are."""

import gzip
import io
import json
import zipfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sunwi.corpus.decode import decode_file
from sunwi.corpus.importing import import_source
from sunwi.corpus.source import assemble, read_source
from sunwi.errors import SunwiError

SLOW = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PARTS = [
    *(b"{", b"}", b"[", b"]", b'"', b",", b":", b"\n", b"\r", b"\t", b" ", b";", b"\0", b"\\", b"'", b"-"),
    *(b"null", b"true", b"NaN", b"1e999", b"9" * 5000, b"[" * 3000, b'{"a":' * 1500, b"-1", b"1.0"),
    *(
        b"\\ud83d",
        b"\\u0000",
        b"\xed\xa0\xbd",
        b"\xff",
        b"\xc0\x80",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        "가".encode(),
    ),
    *(b"\x1f\x8b\x08", b"PK\x03\x04", b"PK\x05\x06", b"PAR1", b"BZh9", b"\xfd7zXZ\0", "나".encode("cp949")),
    *(b"docid", b"content", b"_id", b"text", b"data", b"paragraphs", b"context", b"qas", b"id", b"question"),
    *(b"msg", b"eval_id", b"is_impossible", b"answers", b"q1\t0\td1\t1\n", b'{"docid": "1", "content": "'),
]


@cache
def examples() -> list[bytes]:
    """Whole files of every form, of which pieces are cut and changed."""
    import pyarrow
    from openpyxl import Workbook
    from pyarrow import parquet

    rows = [{"docid": "1", "content": "글", "_id": "1", "text": "뭐?"}]
    question = {"id": "q", "question": "뭐?", "is_impossible": False, "answers": [{"text": "글"}]}
    squad = {"data": [{"title": "글", "paragraphs": [{"context": "글", "qas": [question]}]}]}
    lines = json.dumps(rows[0]).encode()
    table, book, archive = io.BytesIO(), io.BytesIO(), io.BytesIO()
    parquet.write_table(pyarrow.table({"content": ["글"] * 20}), table)
    workbook = Workbook()
    workbook.active.append(["content", "docid"])
    workbook.active.append(["글", 1])
    workbook.save(book)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("a.jsonl", lines)
    texts = [lines, json.dumps(rows, indent=1).encode(), json.dumps(squad).encode(), b"docid,content\n1,a\n"]
    return [*texts, *map(gzip.compress, texts), table.getvalue(), book.getvalue(), archive.getvalue()]


@st.composite
def changed_files(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(examples())))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        data[start : start + draw(st.integers(0, 8))] = draw(st.sampled_from(PARTS) | st.binary(max_size=4))
    return bytes(data)


HOSTILE = (
    st.lists(st.sampled_from(PARTS), max_size=12).map(b"".join) | st.binary(max_size=300) | changed_files()
)


@SLOW
@given(data=HOSTILE, suffix=st.sampled_from(["csv", "tsv", "txt", "jsonl", "parquet", "xlsx", "csv.gz"]))
@example(data=b"PAR1", suffix="csv")
@example(data=b"PK\x05\x06" + b"\0" * 18, suffix="xlsx")
def test_tables(data: bytes, suffix: str) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"t.{suffix}"
        file.write_bytes(data)
        for columns in ({}, {"content": "content", "docid": "docid"}):
            with suppress(SunwiError):
                import_source("table", Path(folder) / "out", file=file, **columns)


@SLOW
@given(documents=HOSTILE, queries=HOSTILE, qrels=HOSTILE, drop_dangling=st.booleans())
def test_competition_and_beir_sets(
    documents: bytes, queries: bytes, qrels: bytes, drop_dangling: bool
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        given_files = {"documents": documents, "queries": queries, "qrels": qrels, "questions": queries}
        for file, data in given_files.items():
            (folder / file).write_bytes(data)
        paths = {file: folder / file for file in given_files}
        with suppress(SunwiError):
            import_source("competition", folder / "o1", drop_dangling=drop_dangling, **paths)
        beir = folder / "beir"
        beir.mkdir()
        for file, data in (("corpus.jsonl", documents), ("queries.jsonl", queries), ("test.tsv", qrels)):
            (beir / file).write_bytes(data)
        with suppress(SunwiError):
            import_source("beir", folder / "o2", folder=beir, drop_dangling=drop_dangling)


@SLOW
@given(data=HOSTILE, share=st.sampled_from([0.0, 1.0]))
def test_squad_files(data: bytes, share: float) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "s.json"
        file.write_bytes(data)
        with suppress(SunwiError):
            import_source("squad", Path(folder) / "out", files=[file], tune_share=share)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just("\ud83d"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
FIELDS = {
    "data",
    "paragraphs",
    "context",
    "qas",
    "id",
    "question",
    "title",
    "is_impossible",
    "answers",
    "text",
}
FIELDS |= {"docid", "content", "eval_id", "msg", "role", "_id", "doc_id", "raw_html", "messages", "source"}
NAMES = st.sampled_from(sorted(FIELDS))
DOCUMENTS = st.recursive(
    VALUES,
    lambda inner: st.dictionaries(NAMES, inner | st.lists(inner, max_size=3), max_size=5),
    max_leaves=25,
)


@SLOW
@given(document=DOCUMENTS)
def test_json_of_odd_types(document: object) -> None:
    with TemporaryDirectory() as name:
        file = Path(name) / "x.jsonl"
        file.write_text(json.dumps(document), encoding="utf-8")
        source = Path(name) / "source"
        source.mkdir()
        for table in ("corpus.jsonl", "queries.jsonl", "questions.jsonl"):
            (source / table).write_bytes(file.read_bytes())
        with suppress(SunwiError):
            import_source("squad", Path(name) / "o1", files=[file])
        with suppress(SunwiError):
            import_source("competition", Path(name) / "o2", documents=file, queries=file, questions=file)
        with suppress(SunwiError):
            import_source("table", Path(name) / "o3", file=file)
        with suppress(SunwiError):
            assemble(read_source(source))


@SLOW
@given(data=HOSTILE)
def test_decoding(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "x"
        file.write_bytes(data)
        decoded = decode_file(file)
        assert decoded.problems or decoded.text is not None


@pytest.mark.parametrize("name", ["none", "folder", "loop"])
def test_what_is_no_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    path = tmp_path / name
    for format_, inputs in {
        "table": {"file": path},
        "squad": {"files": [path]},
        "beir": {"folder": path},
        "competition": {"documents": path, "queries": path, "qrels": path},
    }.items():
        with pytest.raises(SunwiError):
            import_source(format_, tmp_path / "out", **inputs)
    (tmp_path / "t.txt").write_text("글\n", encoding="utf-8")
    if name == "loop":
        with pytest.raises(SunwiError):
            import_source("table", path, file=tmp_path / "t.txt")
