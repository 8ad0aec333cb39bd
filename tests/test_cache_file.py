"""The row cache's file: damage is named and replaced, and two processes may create or replace it at once."""

from __future__ import annotations

import multiprocessing
import random
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sunwi.cache import RowCache

ROWS = {f"{number:064x}": random.Random(number).randbytes(200) for number in range(400)}

PROCESS = """
import sys
from pathlib import Path
from sunwi.cache import RowCache
sys.stdin.readline()  # both start now
with RowCache("rows", Path(sys.argv[1])) as cache:
    for number in range(int(sys.argv[3])):
        cache.put_first(f"{number:064x}", sys.argv[2].encode())
    print(len(cache.get_many([f"{number:064x}" for number in range(400)])))
"""


def two_processes(folder: Path, rows: int) -> list[subprocess.CompletedProcess[str]]:
    """Two that open the same cache at the same moment and write `rows` of the same keys."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(folder), name, str(rows)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for name in ("first", "second")
    ]  # fmt: skip
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    outputs = [process.communicate(timeout=120) for process in started]
    return [
        subprocess.CompletedProcess(process.args, process.returncode, *output)
        for process, output in zip(started, outputs, strict=True)
    ]


def filled(folder: Path) -> Path:
    with RowCache("rows", folder) as cache:
        cache.put_many(ROWS)
        return cache.path


def flip(path: Path, position: int, bits: int = 0xFF) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= bits
    path.write_bytes(content)


def refill(folder: Path) -> dict[str, bytes]:
    """What a user of the cache gets: cached rows, and computed ones where they are missing."""
    with RowCache("rows", folder) as cache:
        keys = list(ROWS)
        values = cache.fill(keys, lambda parts: [[ROWS[keys[row]] for row in part] for part in parts], 64)
        assert dict(cache.items()).items() <= ROWS.items()  # and nothing else than what was written
    return dict(zip(keys, values, strict=True))


class TestDamage:
    def assert_replaced(self, folder: Path, capsys: pytest.CaptureFixture[str], cause: str) -> None:
        (aside,) = [path for path in folder.iterdir() if path.name == "rows.sqlite.damaged-1"]
        warning = capsys.readouterr().err
        assert str(folder / "rows.sqlite") in warning
        assert aside.name in warning
        assert cause in warning

    def test_a_file_of_0_bytes(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        filled(tmp_path).write_bytes(b"")
        assert refill(tmp_path) == ROWS
        self.assert_replaced(tmp_path, capsys, "0 bytes")

    def test_a_file_that_is_no_database(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        filled(tmp_path).write_bytes(b"<html>" * 1000)
        assert refill(tmp_path) == ROWS
        self.assert_replaced(tmp_path, capsys, "file is not a database")

    def test_a_database_of_something_else(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with sqlite3.connect(tmp_path / "rows.sqlite") as other:
            other.execute("CREATE TABLE notes (text TEXT)")
        other.close()
        assert refill(tmp_path) == ROWS
        self.assert_replaced(tmp_path, capsys, "no table of rows")

    def test_a_file_that_was_cut_keeps_its_readable_rows(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = filled(tmp_path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        assert refill(tmp_path) == ROWS
        self.assert_replaced(tmp_path, capsys, "malformed")

    def test_a_changed_value_is_seen_and_the_other_rows_are_kept(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = filled(tmp_path)
        key = f"{200:064x}"
        flip(path, path.read_bytes().index(ROWS[key]) + 7, 1)
        with RowCache("rows", tmp_path) as cache:
            assert cache.get_many(list(ROWS)) == {name: value for name, value in ROWS.items() if name != key}
        self.assert_replaced(tmp_path, capsys, f"the row '{key}' is not as it was written")

    def test_a_second_damage_gets_a_second_name(self, tmp_path: Path) -> None:
        for number in (1, 2):
            filled(tmp_path).write_bytes(b"")
            refill(tmp_path)
            assert (tmp_path / f"rows.sqlite.damaged-{number}").exists()

    @pytest.mark.parametrize("seed", range(40))
    def test_flipped_bytes_anywhere_change_no_answer(self, tmp_path: Path, seed: int) -> None:
        path = filled(tmp_path)
        draw = random.Random(seed)
        size = path.stat().st_size
        for _ in range(draw.choice((1, 3, 30))):
            flip(path, draw.randrange(draw.choice((100, 4096, size))), draw.randrange(1, 256))
        assert refill(tmp_path) == ROWS
        assert refill(tmp_path) == ROWS

    @pytest.mark.parametrize("position", range(100))
    def test_a_flipped_byte_of_the_header(self, tmp_path: Path, position: int) -> None:
        flip(filled(tmp_path), position)
        assert refill(tmp_path) == ROWS

    def test_damage_that_comes_while_the_cache_is_open(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = filled(tmp_path)
        with RowCache("rows", tmp_path) as cache:
            content = path.read_bytes()
            with path.open("r+b") as file:  # the same inode
                file.write(b"\0" * len(content))
            cache.put_many({"new": b"row"})
            assert cache.get_many(["new"]) == {"new": b"row"}
        self.assert_replaced(tmp_path, capsys, "")

    def test_a_deleted_file_is_made_again(self, tmp_path: Path) -> None:
        with RowCache("rows", tmp_path) as cache:
            cache.path.unlink()
            cache.put_many({"new": b"row"})
        with RowCache("rows", tmp_path) as cache:
            assert dict(cache.items()) == {"new": b"row"}


def test_a_cache_from_before_the_checksum_is_read_and_kept(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "rows.sqlite") as old:
        old.execute("PRAGMA journal_mode=WAL")
        old.execute("CREATE TABLE rows (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID")
        old.executemany("INSERT INTO rows VALUES (?, ?)", ROWS.items())
    old.close()
    with RowCache("rows", tmp_path) as cache:
        cache.put_many({"new": b"row"})
        assert cache.get_many(["new", *ROWS]) == {**ROWS, "new": b"row"}
    assert not list(tmp_path.glob("*.damaged-*"))


def test_missing_rights_are_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path)

    def refused(*_: Any, **__: Any) -> sqlite3.Connection:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR
        raise error

    monkeypatch.setattr("sunwi.cache_file.sqlite3.connect", refused)
    with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
        RowCache("rows", tmp_path)
    assert not list(tmp_path.glob("*.damaged-*"))


@pytest.mark.parametrize("round_", range(5))
def test_two_processes_create_the_same_file(tmp_path: Path, round_: int) -> None:
    done = two_processes(tmp_path, 20 + round_)
    assert [(process.returncode, process.stdout, process.stderr) for process in done] == [
        (0, f"{20 + round_}\n", "")
    ] * 2


@pytest.mark.parametrize("damage", [b"", b"not a database " * 100])
def test_two_processes_find_the_same_damaged_file(tmp_path: Path, damage: bytes) -> None:
    filled(tmp_path).write_bytes(damage)
    done = two_processes(tmp_path, 30)
    assert [(process.returncode, process.stdout) for process in done] == [(0, "30\n")] * 2
    assert sum(process.stderr.count("was damaged") for process in done) == 1
    assert [path.name for path in sorted(tmp_path.glob("*.damaged-*"))] == ["rows.sqlite.damaged-1"]


def _write(folder: Path, writer: int, ready: Any) -> None:
    with RowCache("rows", folder) as cache:
        cache.put_many({f"before {writer}": b"1"})
        ready.wait(60)
        ready.wait(60)
        cache.put_many({f"after {writer}": b"2"})


def test_rows_of_a_process_that_had_the_damaged_file_open_are_kept(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(3)
    writers = [context.Process(target=_write, args=(tmp_path, writer, ready)) for writer in range(2)]
    for process in writers:
        process.start()
    ready.wait(60)
    with RowCache("rows", tmp_path) as cache:
        path = cache.path
    with path.open("r+b") as file:
        file.write(b"\0" * 4096)
    refill(tmp_path)
    ready.wait(60)
    for process in writers:
        process.join(60)
    assert [process.exitcode for process in writers] == [0, 0]
    with RowCache("rows", tmp_path) as cache:
        assert cache.get_many(["after 0", "after 1"]) == {"after 0": b"2", "after 1": b"2"}
