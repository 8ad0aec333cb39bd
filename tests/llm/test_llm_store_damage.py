"""A damaged store of answers: reported, set aside, rebuilt; never a traceback, never empty in silence."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from tests.llm.asking import start_asking

from sunwi.llm.answer import Answer
from sunwi.llm.store import AnswerStore

ROWS = 300


def fill(folder: Path) -> bytes:
    with AnswerStore(folder) as store:
        for row in range(ROWS):
            store.record(
                f"{row:064x}", "questions", "m", Answer(f"답 {row} " * 20, "ok", "stop", 10, 5, "p/m")
            )
    return (folder / "llm.sqlite").read_bytes()


def damages(whole: bytes) -> dict[str, bytes]:
    chosen = random.Random(0)
    flipped = bytearray(whole)
    for _ in range(40):
        flipped[chosen.randrange(len(whole))] ^= 0xFF
    return {
        "no bytes": b"", "no database": b"this is no database\n" * 500, "flipped bytes": bytes(flipped),
        "cut": whole[: len(whole) // 2], "no table": whole.replace(b"rows", b"rnws"),
        "a page of zeros": whole[:8192] + bytes(8192) + whole[16384:],
        "one value": whole.replace(b'{"finish":"stop"', b'{"finish":"sto\xff"', 1),
        "another value": whole.replace(b'"status":"ok"', b'"status":"oj"', 1),
    }  # fmt: skip


KINDS = ["no bytes", "no database", "flipped bytes", "cut", "no table", "a page of zeros", "one value",
         "another value"]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_is_reported_set_aside_and_rebuilt(tmp_path: Path, capsys: Any, kind: str) -> None:
    whole = fill(tmp_path)
    damaged = damages(whole)[kind]
    assert damaged != whole
    (tmp_path / "llm.sqlite").write_bytes(damaged)
    with AnswerStore(tmp_path) as store:
        readable = {row.key for row in store}
        assert len(store) == len(readable) < ROWS
        if "value" in kind:
            assert len(readable) == ROWS - 1
        store.record("f" * 64, "questions", "m", Answer("새 답", "ok", "stop", 1, 1, "p/m"))
        assert store.get_many(["f" * 64])["f" * 64].text == "새 답"
    message = capsys.readouterr().err
    assert "llm.sqlite was damaged" in message
    assert f"rebuilt with the {len(readable):,} rows" in message
    assert message.count("damaged-1") == 1
    assert (tmp_path / "llm.sqlite.damaged-1").stat().st_size == len(damaged)
    with AnswerStore(tmp_path) as store:
        assert {row.key for row in store} == {*readable, "f" * 64}
    assert capsys.readouterr().err == ""


def test_random_flips_raise_nothing(tmp_path: Path) -> None:
    whole = fill(tmp_path)
    chosen = random.Random(1)
    for _ in range(60):
        flipped = bytearray(whole)
        for _ in range(chosen.choice([1, 3, 30])):
            position = chosen.randrange(chosen.choice([100, 4096, len(whole)]))
            flipped[position] = chosen.randrange(256)
        for file in tmp_path.glob("*llm.sqlite*"):
            file.unlink()
        (tmp_path / "llm.sqlite").write_bytes(flipped)
        with AnswerStore(tmp_path) as store:
            list(store)
            store.get_many([f"{row:064x}" for row in range(ROWS)])
            store.record("f" * 64, "questions", "m", Answer("새 답", "ok", "stop", 1, 1, "p/m"))


def test_damage_that_another_process_makes_meanwhile(tmp_path: Path, capsys: Any) -> None:
    fill(tmp_path)
    with AnswerStore(tmp_path) as store, sqlite3.connect(tmp_path / "llm.sqlite") as other:
        other.execute("UPDATE rows SET value = x'ff' WHERE key = ?", (f"{7:064x}",))
        other.commit()
        assert len(store.get_many([f"{row:064x}" for row in range(10)])) == 9
    assert "was damaged" in capsys.readouterr().err


def test_a_closed_store_is_not_damaged(tmp_path: Path, capsys: Any) -> None:
    """A closed store is no damage."""
    fill(tmp_path)
    store = AnswerStore(tmp_path)
    with store:
        pass
    with pytest.raises(sqlite3.ProgrammingError):
        len(store)
    assert "damaged" not in capsys.readouterr().err
    assert not list(tmp_path.glob("*damaged*"))


def test_processes_that_start_together_on_a_new_or_damaged_file(bench: Any, server: Any) -> None:
    """WAL is switched on once, the damaged file rebuilt once; all end well."""
    for content in (None, b"", b"no database" * 999):
        if content is not None:
            (bench.folder / "llm.sqlite").write_bytes(content)
        running = [start_asking(server.address, bench.folder, 3) for _ in range(4)]
        ends = [process.communicate(timeout=60) for process in running]
        assert [process.returncode for process in running] == [0] * 4, ends
        assert {out.split()[0] for out, _ in ends} == {"3"}
        errors = "".join(error for _, error in ends)
        assert errors.count("was damaged") == (content is not None)
