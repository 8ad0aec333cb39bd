"""An import replaces its own folder alone, as a whole or not at all."""

import json
import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sunwi.corpus.import_folder import MANIFEST, PENDING
from sunwi.corpus.importing import import_source
from sunwi.corpus.source import SOURCE_FILES, assemble, read_source
from sunwi.errors import DataError, SunwiError
from sunwi.runtime import file_hash


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text(f"id,text\nd1,{name}의 글\n", encoding="utf-8")
    return tmp_path


def table(name: str, out: str | Path = "raw", **options: Any) -> None:
    import_source("table", Path(out), file=Path(f"{name}.csv"), content="text", docid="id", **options)


def state(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but the tables that are read."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".csv"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def held(folder: Path) -> str:
    return str(json.loads((folder / "corpus.jsonl").read_text(encoding="utf-8"))["content"])


def test_the_manifest_holds_names_and_hashes_alone_and_no_reader_minds_it(here: Path) -> None:
    table("one")
    found = json.loads((here / "raw" / MANIFEST).read_text(encoding="utf-8"))
    assert found == {name: file_hash(here / "raw" / name) for name in SOURCE_FILES}
    assert list(found) == sorted(found)
    assert sorted(path.name for path in (here / "raw").iterdir()) == sorted([*SOURCE_FILES, MANIFEST])
    assert len(assemble(read_source(here / "raw")).documents) == 1
    first = state(here)
    table("one")
    assert state(here) == first


def test_an_import_replaces_an_earlier_one_that_nobody_edited(here: Path) -> None:
    table("one")
    table("two")
    assert held(here / "raw") == "two의 글"
    assert sorted(path.name for path in here.iterdir()) == ["one.csv", "raw", "two.csv"]


def _hand_written(raw: Path) -> None:
    raw.mkdir()
    (raw / "queries.jsonl").write_text("mine", encoding="utf-8")


def _edited(raw: Path) -> None:
    table("one")
    (raw / "queries.jsonl").write_text("mine", encoding="utf-8")


def _with_another_file(raw: Path) -> None:
    table("one")
    (raw / "notes.md").write_text("mine", encoding="utf-8")


def _manifest_of_a_list(raw: Path) -> None:
    _edited(raw)
    (raw / MANIFEST).write_text('["queries.jsonl"]', encoding="utf-8")


@pytest.mark.parametrize(
    ("write", "mine"),
    [
        (_hand_written, "queries.jsonl"),
        (_edited, "queries.jsonl"),
        (_with_another_file, "notes.md"),
        (_manifest_of_a_list, "queries.jsonl"),
    ],
)
def test_a_persons_folder_is_refused_and_taken_by_force_with_the_names_before(
    here: Path, write: Callable[[Path], None], mine: str
) -> None:
    write(here / "raw")
    before = state(here)
    with pytest.raises(DataError, match=rf"raw holds files(?s:.)*{mine}(?s:.)*--out(?s:.)*--force"):
        table("two")
    assert state(here) == before
    told: list[tuple[str, dict[str, bytes]]] = []
    table("two", force=True, notify=lambda line: told.append((line, state(here))))
    assert held(here / "raw") == "two의 글"
    if mine == "notes.md":  # no name of an import's: it stays
        assert (here / "raw" / mine).read_text(encoding="utf-8") == "mine"
        assert told == []
    else:
        [(line, at_that_time)] = told
        assert mine in line
        assert at_that_time == before


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("out", ["in", "in/raw", ".", "in/qrels", "linked"])
def test_never_over_in_or_above_its_input(here: Path, out: str, force: bool) -> None:
    (here / "in" / "qrels").mkdir(parents=True)
    (here / "linked").symlink_to("in")
    (here / "in" / "corpus.jsonl").write_text('{"_id": "1", "text": "글"}\n', encoding="utf-8")
    (here / "in" / "queries.jsonl").write_text('{"_id": "1", "text": "뭐?"}\n', encoding="utf-8")
    before = state(here)
    with pytest.raises(DataError, match="never writes over what it reads"):
        import_source("beir", Path(out), folder=Path("in"), force=force)
    assert state(here) == before


@pytest.mark.parametrize("force", [False, True])
def test_never_over_the_file_that_it_reads(here: Path, force: bool) -> None:
    (here / "raw").mkdir()
    documents = here / "raw" / "documents.jsonl"
    documents.write_text('{"docid": "1", "content": "글"}\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"raw/documents\.jsonl are the same, or one is inside the other"):
        import_source("competition", Path("raw"), documents=Path("raw/documents.jsonl"), force=force)
    with pytest.raises(DataError, match="one is inside the other"):
        import_source("squad", Path("raw"), files=[here / "none.json", documents], force=force)
    assert [path.name for path in (here / "raw").iterdir()] == ["documents.jsonl"]


def test_folders_in_a_folder_and_the_current_one_are_refused_by_force_too(here: Path) -> None:
    (here / "raw" / "images").mkdir(parents=True)
    with pytest.raises(DataError, match="raw holds folders, which no import writes: images"):
        table("one", force=True)
    (here / "project").mkdir()
    os.chdir(here / "project")
    with pytest.raises(DataError, match="the current folder"):
        import_source("table", Path(), file=here / "one.csv", content="text", force=True)


@pytest.mark.parametrize("out", ["mine", "mine/sub", "mine/sub/sub"])
def test_out_is_a_file(here: Path, out: str) -> None:
    (here / "mine").write_text("mine", encoding="utf-8")
    with pytest.raises(DataError, match="--out wants a folder; mine is a file"):
        table("one", out, force=True)
    assert state(here) == {"mine": b"mine"}


def test_a_link_stays_a_link_and_read_only_files_are_replaced(here: Path) -> None:
    """As DVC leaves them: files of mode 0444, here in a folder that may not be written to either."""
    (here / "store").mkdir()
    (here / "raw").symlink_to("store")
    table("one")
    for path in (here / "store").iterdir():
        path.chmod(0o444)
    (here / "store").chmod(0o555)
    table("two")
    assert (here / "raw").is_symlink()
    assert held(here / "store") == "two의 글"
    assert sorted(path.name for path in here.iterdir()) == ["one.csv", "raw", "store", "two.csv"]


def test_files_that_are_links_into_a_cache_leave_the_cache_whole(here: Path) -> None:
    table("one")
    cached = here / "cached"
    (here / "raw" / "corpus.jsonl").rename(cached)
    (here / "raw" / "corpus.jsonl").symlink_to(cached)
    before = cached.read_bytes()
    table("two")
    assert held(here / "raw") == "two의 글"
    assert cached.read_bytes() == before


@contextmanager
def _file_size_limit(count: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_is_full_changes_nothing(here: Path) -> None:
    with _file_size_limit(10), pytest.raises(DataError, match="a/raw cannot be written: File too large"):
        table("two", "a/raw")
    assert state(here) == {}
    assert not (here / "a").exists()
    table("one")
    before = state(here)
    with _file_size_limit(10), pytest.raises(DataError, match="nothing was changed"):
        table("two")
    assert state(here) == before


def test_what_utf8_cannot_hold_changes_nothing(here: Path) -> None:
    table("one")
    before = state(here)
    (here / "half.jsonl").write_text('{"docid": "1\\ud83d", "content": "글"}\n', encoding="utf-8")
    with pytest.raises(SunwiError):
        import_source("competition", Path("raw"), documents=Path("half.jsonl"))
    (here / "half.jsonl").unlink()
    assert state(here) == before


@pytest.mark.parametrize("first", [True, False])
def test_a_last_step_that_fails_puts_the_old_folder_back(here: Path, first: bool) -> None:
    if not first:
        table("one")
    before = state(here)

    def fail(report: object) -> None:
        assert held(here / "raw") == "two의 글"
        raise DataError("params.yaml cannot be written", "see")

    with pytest.raises(DataError, match=r"params\.yaml"):
        table("two", finish=fail)
    assert state(here) == before
    assert (here / "raw").exists() is not first


# Each state in which a kill can leave the folders: what is made of an import of "one" into raw (or of no
# earlier import) and one of "two" into new, and what raw has to hold after the next start.


def _while_writing(raw: Path, new: Path, partial: Path, old: Path) -> str:
    (new / MANIFEST).unlink()
    (new / "queries.jsonl").unlink()
    new.rename(partial)
    return "one"


def _before_the_first_file(raw: Path, new: Path, partial: Path, old: Path) -> str:
    partial.mkdir()
    return "one"


def _before_the_renames(raw: Path, new: Path, partial: Path, old: Path) -> str:
    new.rename(partial)
    return "one"


def _between_the_renames(raw: Path, new: Path, partial: Path, old: Path) -> str:
    raw.rename(old)
    new.rename(partial)
    return "one"


def _after_the_renames(raw: Path, new: Path, partial: Path, old: Path) -> str:
    raw.rename(old)
    new.rename(raw)
    return "two"


def _while_the_old_one_is_deleted(raw: Path, new: Path, partial: Path, old: Path) -> str:
    raw.rename(old)
    new.rename(raw)
    (old / MANIFEST).unlink()
    (old / "corpus.jsonl").unlink()
    return "two"


def _before_the_mark_goes(raw: Path, new: Path, partial: Path, old: Path) -> str:
    shutil.rmtree(raw)
    new.rename(raw)
    return "two"


Killed = Callable[[Path, Path, Path, Path], str]
KILLED = [
    _while_writing,
    _before_the_first_file,
    _before_the_renames,
    _between_the_renames,
    _after_the_renames,
    _while_the_old_one_is_deleted,
    _before_the_mark_goes,
]


@pytest.mark.parametrize("kill", KILLED)
def test_the_next_start_after_a_kill_puts_the_folders_right(here: Path, kill: Killed) -> None:
    table("one")
    table("two", "new")
    (here / "new" / PENDING).touch()
    raw = here / "raw"
    expected = kill(raw, here / "new", here / ".raw.importing", here / ".raw.old")
    shutil.rmtree(here / "new", ignore_errors=True)
    (here / "broken.csv").write_text("text\n글\n", encoding="utf-8")
    told: list[str] = []
    with pytest.raises(Exception, match="expected a column 'id'"):  # so that this start does no more
        table("broken", notify=told.append)
    assert held(raw) == f"{expected}의 글"
    assert sorted(path.name for path in raw.iterdir()) == sorted([*SOURCE_FILES, MANIFEST])
    assert [path.name for path in here.iterdir() if path.name.startswith(".")] == []
    assert len(told) == 1
    assert "an earlier import into raw was stopped" in told[0]
    table("one")  # it counts as an import's
    assert held(raw) == "one의 글"


@pytest.mark.parametrize("name", [".raw.importing", ".raw.old"])
def test_a_persons_folder_of_such_a_name_stays(here: Path, name: str) -> None:
    (here / name).mkdir()
    (here / name / "a").write_text("mine", encoding="utf-8")
    before = state(here)
    with pytest.raises(DataError, match=rf"{name} has the name that this import needs"):
        table("one", force=True)
    assert state(here) == before


def test_a_second_import_into_the_same_folder_is_refused_while_the_first_writes(here: Path) -> None:
    refused: list[str] = []

    def second(_: object) -> None:
        with pytest.raises(DataError, match="another import writes into"):
            table("one")
        refused.append(held(here / "raw"))

    (here / "raw").mkdir()
    (here / "raw" / "queries.jsonl").write_text("mine", encoding="utf-8")
    table("two", force=True, finish=second)
    assert refused == ["two의 글"]
    assert held(here / "raw") == "two의 글"
    assert [path.name for path in here.iterdir() if path.name.startswith(".")] == []


def test_a_name_that_is_no_utf8_is_refused(here: Path) -> None:
    with pytest.raises(DataError, match=r"--out raw\\udcff is no name in UTF-8"):
        table("one", os.fsdecode(b"raw\xff"))
    assert sorted(path.name for path in here.iterdir()) == ["one.csv", "two.csv"]
