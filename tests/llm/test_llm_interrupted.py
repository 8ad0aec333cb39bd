"""A run that is killed or interrupted: what was answered is not asked again. Several processes at once."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.llm.asking import start_asking
from tests.running import Fork

ROWS = 200
AT_ONCE = 8


def start(bench: Any) -> Fork:
    return start_asking(bench.server.address, bench.folder, ROWS)


def wait_until(happened: Callable[[], bool]) -> None:
    for _ in range(6000):
        if happened():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen within a minute")


def slow(bench: Any, crawl_from: int | None = None) -> None:
    """Answers take a moment; from that call on a second, so that a busy machine's blow is in time, too."""

    def reply(body: dict[str, Any]) -> Any:
        answer = bench.server.chat(f"re: {bench.server.asked(body)}")
        crawls = crawl_from is not None and bench.server.calls > crawl_from
        answer.delay = 1.0 if crawls else 0.03
        return answer

    bench.server.default = reply


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
def test_only_unfinished_rows_are_asked_again(bench: Any, server: Any, blow: signal.Signals) -> None:
    slow(bench, crawl_from=ROWS // 2)
    first = start(bench)
    wait_until(lambda: server.calls >= ROWS // 2)
    first.send_signal(blow)
    first.communicate(timeout=60)
    assert first.returncode != 0
    slow(bench)
    asked = server.calls
    assert ROWS // 2 <= asked < ROWS
    second = start(bench)
    out, err = second.communicate(timeout=60)
    assert (second.returncode, out.split()[0]) == (0, str(ROWS)), err
    assert ROWS <= server.calls <= ROWS + AT_ONCE
    third = start(bench)
    out, _ = third.communicate(timeout=60)
    assert out.split()[0] == str(ROWS)
    assert server.calls <= ROWS + AT_ONCE


def test_two_processes_share_the_work_and_agree(bench: Any, server: Any) -> None:
    """Both ask in the same order, so rows in flight may be paid twice; the record has one answer a row.

    Each counts every answer once, whichever bought it, as a later run without a call does.
    """
    slow(bench)
    plain = bench.server.default

    def metered(body: dict[str, Any]) -> Any:
        answer = plain(body)  # two calls for one row report different usage: the record's counts
        answer.body["usage"] = {"prompt_tokens": 10, "completion_tokens": 5 + server.calls % 3}
        return answer

    server.default = metered
    both = [start(bench), start(bench)]
    printed = []
    for process in both:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out.split()[0]) == (0, str(ROWS)), err
        printed.append(out)
    assert ROWS <= server.calls < 2 * ROWS + 1
    calls = server.calls
    third = start(bench)
    out, _ = third.communicate(timeout=60)
    assert server.calls == calls
    assert printed == [out, out]
    assert json.loads(out.splitlines()[1])["questions"]["solar-pro2"]["tokens_in"] == 10 * ROWS
