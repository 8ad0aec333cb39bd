"""Progress: bars on a terminal; in a log a line from time to time by a clock that the test holds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from sunwi.cache import RowCache
from sunwi.errors import DataError
from sunwi.models.encoder import Encoder
from sunwi.models.late_interaction import LateInteraction
from sunwi.progress import Progress, progress, running_stage
from sunwi.workspace.stage import stage


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def lines(capsys: Any) -> list[str]:
    """What went to stderr."""
    return list(capsys.readouterr().err.splitlines())


@pytest.fixture
def every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line at every report, and at the end."""
    monkeypatch.setenv("SUNWI_PROGRESS_SECONDS", "0")


def test_a_log_gets_a_line_each_thirty_seconds_and_one_at_the_end(capsys: Any) -> None:
    clock = Clock()
    with running_stage("encode_base"), Progress("passages", 2000, "text", clock=clock) as shown:
        for _ in range(10):  # 100 texts each 10 seconds
            clock.now += 10
            shown.advance(100)
        assert lines(capsys) == [
            "encode_base: passages: 300/2,000 text, 10.0 text/s, 02:50 left",
            "encode_base: passages: 600/2,000 text, 10.0 text/s, 02:20 left",
            "encode_base: passages: 900/2,000 text, 10.0 text/s, 01:50 left",
        ]
    assert lines(capsys) == ["encode_base: passages: 1,000/2,000 text in 01:40, 10.0 text/s"]


def test_short_work_leaves_a_log_empty(capsys: Any) -> None:
    clock = Clock()
    with Progress("passages", 2, "text", clock=clock) as shown:
        clock.now += 29
        shown.advance(2)
    assert lines(capsys) == []


def test_what_was_done_before_is_not_in_the_rate(capsys: Any) -> None:
    clock = Clock()
    with Progress("steps", 30, "step", done=20, clock=clock) as shown:
        clock.now += 40
        shown.advance(2, loss=0.5)
    assert lines(capsys) == [  # 20 s a step, 8 steps left
        "steps: 22/30 step, 20.0 s/step, 02:40 left, loss=0.5",
        "steps: 22/30 step in 00:40, 20.0 s/step, loss=0.5",
    ]


def test_an_unknown_total_has_no_time_left(capsys: Any) -> None:
    clock = Clock()
    with Progress("rows", None, "row", clock=clock) as shown:
        clock.now += 30
        shown.advance(60)
    assert lines(capsys) == ["rows: 60 row, 2.0 row/s"]  # 30 s in all are not longer than 30 s


def test_the_interval_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setenv("SUNWI_PROGRESS_SECONDS", "5")
    clock = Clock()
    with Progress("rows", 4, "row", clock=clock) as shown:
        clock.now += 5
        shown.advance()
    assert lines(capsys) == ["rows: 1/4 row, 5.0 s/row, 00:15 left"]


@pytest.mark.parametrize("value", ["half a minute", "-1", "nan", ""])
def test_a_wrong_interval_stops_before_any_work(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SUNWI_PROGRESS_SECONDS", value)
    expected = pytest.raises(DataError, match="SUNWI_PROGRESS_SECONDS: expected a number of seconds, found")
    with expected, running_stage("prepare"):
        raise AssertionError("the stage ran")


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with running_stage("mine"):
        assert list(progress("ab", 2, "rows", "row")) == ["a", "b"]
    shown = capsys.readouterr().err
    assert "mine: rows: 100%" in shown
    assert "2/2" in shown


def test_an_early_stop_is_seen_in_the_last_line(every_step: None, capsys: Any) -> None:
    for item in progress("abc", 3, "steps", "step"):
        if item == "b":
            break
    assert [line.split(" step")[0] for line in lines(capsys)] == ["steps: 1/3", "steps: 1/3"]


def test_the_stage_gives_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every_step: None, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    with stage("submit_tuned"):
        list(progress("a", 1, "rows", "row"))
    list(progress("a", 1, "rows", "row"))
    first, _, after, _ = lines(capsys)
    assert first.startswith("submit_tuned: rows: 1/1 row")
    assert after.startswith("rows: 1/1 row")


def test_a_cache_counts_the_rows_that_it_lacks(own_cache: Path, every_step: None, capsys: Any) -> None:
    with RowCache("numbers") as cache:
        cache.put_many({"a": b"1"})
        cache.fill(list("abcd"), lambda parts: ([b"2"] * len(part) for part in parts), 2, label="numbers")
        cache.fill(list("abcd"), lambda parts: ([b"2"] * len(part) for part in parts), 2, label="numbers")
    shown = [line.split(" row")[0] for line in lines(capsys)]
    assert shown[:3] == ["numbers: 2/3", "numbers: 3/3", "numbers: 3/3"]


def test_encoding_counts_texts_batch_by_batch(
    encoder: Encoder, own_cache: Path, monkeypatch: pytest.MonkeyPatch, every_step: None, capsys: Any
) -> None:
    monkeypatch.setattr(encoder._states, "batch_size", 2)
    texts = [f"글 {number}" for number in range(5)]
    encoder.encode(texts, "query", 16, "encode questions")
    shown = [line.split(" text")[0] for line in lines(capsys)]
    assert shown == [f"encode questions: {done}/5" for done in (2, 4, 5, 5)]
    encoder.encode(texts, "query", 16, "encode questions")
    assert lines(capsys) == []  # all of them are cached


def test_late_interaction_counts_passages(
    encoder: Encoder, own_cache: Path, every_step: None, capsys: Any
) -> None:
    LateInteraction(encoder, 16, 16).score([("질문", "한 글"), ("질문", "다른 글"), ("물음", "한 글")])
    assert lines(capsys)[-1].startswith("late interaction: 2/2 passage in ")
