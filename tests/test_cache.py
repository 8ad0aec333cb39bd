"""The row cache: several writers at once, a writer killed, keys in any number."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from sunwi.cache import RowCache

ROWS = 40


def write_many(folder: Path, writer: int) -> None:
    with RowCache("rows", folder) as cache:
        for batch in range(5):
            keys = [f"{writer}-{batch}-{row}" for row in range(ROWS)]
            cache.put_many({key: key.encode() for key in keys})
            cache.put_many([("shared", b"same")])


def write_and_hang(folder: Path, ready: Connection) -> None:
    cache = RowCache("rows", folder)
    cache.put_many({"committed": b"1"})

    class Endless(dict[str, bytes]):
        def items(self) -> Iterator[tuple[str, bytes]]:  # type: ignore[override]  no view, so that it can stop
            yield ("half", b"2")
            ready.send("in the middle of a transaction")
            signal.pause()

    cache.put_many(Endless())


def test_several_processes_write_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_many, args=(tmp_path, writer)) for writer in range(4)]
    for process in writers:
        process.start()
    for process in writers:
        process.join(60)
    assert [process.exitcode for process in writers] == [0, 0, 0, 0]
    with RowCache("rows", tmp_path) as cache:
        assert len(cache) == 4 * 5 * ROWS + 1
        keys = [f"{writer}-{batch}-{row}" for writer in range(4) for batch in range(5) for row in range(ROWS)]
        assert cache.get_many(keys) == {key: key.encode() for key in keys}


def test_a_killed_writer_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=write_and_hang, args=(tmp_path, sender))
    process.start()
    assert receiver.poll(60)
    receiver.recv()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join(60)
    with RowCache("rows", tmp_path) as cache:
        assert cache.get_many(["committed", "half"]) == {"committed": b"1"}
        cache.put_many({"half": b"3"})  # the dead writer's lock is gone
        assert cache.get_many(["half"]) == {"half": b"3"}


def test_more_keys_than_a_statement_holds(tmp_path: Path) -> None:
    rows = {str(number): bytes([number % 256]) for number in range(2 * RowCache.CHUNK + 1)}
    with RowCache("rows", tmp_path) as cache:
        cache.put_many(rows)
        assert cache.get_many([*rows, "absent", "0"]) == rows
        assert cache.get_many([]) == {}


def test_rows_of_a_failed_call_are_not_kept(tmp_path: Path) -> None:
    def failing() -> object:
        yield ("a", b"1")
        raise ZeroDivisionError

    with RowCache("rows", tmp_path) as cache:
        with pytest.raises(ZeroDivisionError):
            cache.put_many(failing())  # type: ignore[arg-type]  it fails first
        assert len(cache) == 0


def test_the_folder_is_the_one_of_the_environment(own_cache: Path) -> None:
    with RowCache("named") as cache:
        assert cache.path == own_cache / "named.sqlite"


def test_each_key_is_answered_in_order(tmp_path: Path) -> None:
    with RowCache("rows", tmp_path) as cache:
        cache.put_many({f"{number}": bytes([number % 256]) for number in range(0, 1300, 2)})
        keys = [f"{number}" for number in (*range(1200), 4, 4)]
        expected = [bytes([number % 256]) if number % 2 == 0 else None for number in range(1200)]
        assert list(cache.get_each(keys)) == [*expected, bytes([4]), bytes([4])]
        assert list(cache.get_each([])) == []


class TestFill:
    KEYS = ("c", "a", "b", "a", "d")

    def test_only_missing_keys_are_computed_and_each_once(self, tmp_path: Path) -> None:
        asked: list[list[list[int]]] = []

        def compute(parts: list[list[int]]) -> list[list[bytes]]:
            asked.append(parts)
            return [[f"new {self.KEYS[row]}".encode() for row in part] for part in parts]

        with RowCache("rows", tmp_path) as cache:
            cache.put_many({"b": b"cached b"})
            expected = [b"new c", b"new a", b"cached b", b"new a", b"new d"]
            assert cache.fill(self.KEYS, compute, 2) == expected
            assert cache.fill(self.KEYS, compute, 2) == expected
            assert dict(cache.items()) == dict(zip(self.KEYS, expected, strict=True))
        assert asked == [[[0, 1], [4]], []]

    def test_the_order_is_that_of_the_sort_key(self, tmp_path: Path) -> None:
        with RowCache("rows", tmp_path) as cache:
            found = cache.fill_each(
                self.KEYS, lambda parts: [[b"", b""] for _ in parts], 2, order=self.KEYS.__getitem__
            )
            assert [rows for rows, _ in found] == [[1, 3], [2], [0], [4]]

    def test_a_part_is_kept_before_the_next_one_is_computed(self, tmp_path: Path) -> None:
        def fails_at_the_second(parts: list[list[int]]) -> Iterator[list[bytes]]:
            yield [b"1"] * len(parts[0])
            raise ZeroDivisionError

        with RowCache("rows", tmp_path) as cache:
            with pytest.raises(ZeroDivisionError):
                cache.fill(self.KEYS, fails_at_the_second, 2)
            assert dict(cache.items()) == {"c": b"1", "a": b"1"}

    @pytest.mark.parametrize("values", [[[b"1"] * 3], [[b"1"] * 5]])
    def test_another_number_of_values_is_an_error(self, tmp_path: Path, values: list[list[bytes]]) -> None:
        with RowCache("rows", tmp_path) as cache:
            with pytest.raises(ValueError, match="zip"):
                cache.fill(self.KEYS, lambda _: values, 4)
            assert len(cache) == 0
