"""From a folder to passages: the stage `read`, what `prepare` makes of it, and `sunwi import folder`."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sunwi.cli.importing import import_app
from sunwi.cli.search import Mode, answer_query, read_corpus
from sunwi.corpus.prepare import prepare
from sunwi.documents import cached
from sunwi.documents.reading import SourceFile
from sunwi.errors import InputProblems
from sunwi.models import token_counts
from sunwi.params.corpus import CorpusParams
from sunwi.params.documents import DocumentsParams
from sunwi.params.whole import Params
from sunwi.records.corpus import Document
from sunwi.records.files import read_rows
from sunwi.workspace.base import Workspace
from sunwi.workspace.documents import document_passages
from sunwi.workspace.reading import read_folder

GUIDE = "# 보증\n\n## 보증 한도\n\n보증 한도는 기업마다 삼억원이다.\n"
FILES = 30


@pytest.fixture(scope="module")
def count() -> Callable[[Sequence[str]], list[int]]:
    """The builtin model's tokens: reading its tokenizer.json takes a CPU second."""
    return token_counts.token_counter(CorpusParams().tokenizer)


@pytest.fixture
def folder(
    tmp_path: Path,
    own_cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    count: Callable[[Sequence[str]], list[int]],
) -> Path:
    monkeypatch.setattr(token_counts, "token_counter", lambda _: count)
    monkeypatch.chdir(tmp_path)
    made = tmp_path / "문서"
    made.mkdir()
    for number in range(FILES - 1):
        (made / f"자료{number:02}.md").write_text(
            f"# 제{number}장\n\n{number}번째 글이다.\n", encoding="utf-8"
        )
    (made / "안내서.md").write_text(GUIDE, encoding="utf-8")
    return made


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths of the files that a reader is given."""
    paths: list[str] = []
    read = cached.read_files

    def noted(files: list[SourceFile], *arguments: object, **options: object) -> object:
        paths.extend(file.path for file in files)
        return read(files, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(cached, "read_files", noted)
    return paths


def run_read(folder: Path) -> list[str]:
    read_folder(Workspace(), folder.name, DocumentsParams(), 0)
    rows = Path("data/read/documents.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(row)["path"] for row in rows]


def test_only_a_changed_file_is_read_again_and_a_deleted_one_is_dropped(
    folder: Path, given: list[str]
) -> None:
    assert len(run_read(folder)) == len(given) == FILES
    first = Path("data/read/documents.jsonl").read_bytes()
    given.clear()
    assert (len(run_read(folder)), given) == (FILES, [])
    assert Path("data/read/documents.jsonl").read_bytes() == first
    (folder / "안내서.md").write_text(GUIDE + "\n또 한 줄이다.\n", encoding="utf-8")
    (folder / "자료00.md").unlink()
    paths = run_read(folder)
    assert given == ["안내서.md"]
    assert len(paths) == FILES - 1
    assert "자료00.md" not in paths


def test_prepare_joins_the_passages_with_the_source_and_refuses_an_id_of_both(folder: Path) -> None:
    run_read(folder)
    passages, _ = document_passages(Workspace(), CorpusParams())
    source = folder.parent / "source"
    source.mkdir()
    assert len(prepare(source, CorpusParams(), passages).corpus) == FILES  # no corpus.jsonl of its own
    docid = "안내서.md#보증/보증-한도/1"
    rows = [{"docid": "own", "content": "제 글이다."}, {"docid": docid, "content": "같은 이름이다."}]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (source / "corpus.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(InputProblems, match=r"안내서\.md: docid .* was given before, at corpus\.jsonl:2"):
        prepare(source, CorpusParams(), passages)
    (source / "corpus.jsonl").write_text(text.splitlines()[0] + "\n", encoding="utf-8")
    prepared = prepare(source, CorpusParams(), passages)
    assert len(prepared.corpus) == FILES + 1
    assert prepared.statistics["documents_read"] == FILES


def test_a_passage_with_a_span_is_not_cut_again_and_a_name_alone_is_carried_by_chunks(tmp_path: Path) -> None:
    text = "하늘은 높고 파랗다. 바다는 깊고 넓다."
    rows = [
        {"docid": "a", "content": text, "source": {"file": "a.pdf", "page": 2, "start": 0, "end": len(text)}},
        {"docid": "b", "content": text, "source": "b.hwp"},
    ]
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    corpus = prepare(tmp_path, CorpusParams(max_chars=14)).corpus
    found = [(row.docid, row.source.label if row.source else None) for row in corpus]
    assert found == [("a", "a.pdf, p. 2"), ("b#1", "b.hwp"), ("b#2", "b.hwp")]


def test_import_folder_writes_passages_that_search_finds_with_their_place(folder: Path) -> None:
    (folder / "빈.md").write_bytes(b"")
    with zipfile.ZipFile(folder / "묶음.zip", "w") as archive:
        archive.writestr("속.md", "# 속\n\n묶음 속의 글이다.\n")
    Path("params.yaml").write_text("data: {source: data/demo}\n", encoding="utf-8")
    result = CliRunner().invoke(import_app, ["folder", "문서"])
    assert result.exit_code == 0, result.output
    assert "31 files read, 1 not" in result.output
    assert "not read: 빈.md: " in result.output
    assert "dvc repro baseline" in result.output
    assert "sunwi search" in result.output
    rows = read_rows("data/raw/corpus.jsonl", Document)
    assert "묶음.zip/속.md#속/1" in {row.docid for row in rows}
    assert "source: data/raw" in Path("params.yaml").read_text(encoding="utf-8")
    params = Params.model_validate({"data": {"source": "data/raw"}})
    answer = answer_query("보증 한도는 얼마인가", Mode.BM25, "", 1, read_corpus(None, params), params)
    assert answer["results"][0]["place"] == "안내서.md, 보증 > 보증 한도"


def test_strict_writes_nothing_where_a_file_was_not_read(folder: Path) -> None:
    (folder / "빈.md").write_bytes(b"")
    result = CliRunner().invoke(import_app, ["folder", "문서", "--strict"])
    assert result.exit_code == 1
    assert "1 of 31 files could not be read (--strict); nothing was written" in result.output
    assert not Path("data/raw").exists()


def test_versions_are_named_and_the_newest_alone_is_taken_if_asked_for(folder: Path) -> None:
    body = " ".join(f"{number}번째 조항은 보증의 한도를 정한다." for number in range(40))
    for at, (name, end) in enumerate((("계약_final.md", ""), ("계약_final2.md", " 끝이다."))):
        (folder / name).write_text(f"# 계약\n\n{body}{end}\n", encoding="utf-8")
        os.utime(folder / name, (1_000_000_000 + at, 1_000_000_000 + at))
    listed = CliRunner().invoke(import_app, ["folder", "문서"])
    assert "versions of one document, all taken: 계약_final.md (98% the same)" in listed.output
    assert "newest: 계약_final2.md" in listed.output
    taken = CliRunner().invoke(import_app, ["folder", "문서", "--keep", "newest"])
    assert "left out, older versions: 계약_final.md" in taken.output
    files = {row.source.file for row in read_rows("data/raw/corpus.jsonl", Document) if row.source}
    assert "계약_final2.md" in files
    assert "계약_final.md" not in files
