"""State of nodes: what ended is seen, what was never ours is left alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from tests.run_nodes import PIPE, RUN, opened
from typer.testing import CliRunner

from sunwi.cli import app
from sunwi.nodes.process import STATE, Running, end, known, process_start
from sunwi.records.files import write_json


@pytest.fixture
def sleeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setenv("SUNWI_NODE_DIR", str(tmp_path))
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    node = Running(
        "one", "opensearch", "2.19.1", ["http://127.0.0.1:1"], [process.pid], [process_start(process.pid)]
    )
    (node.folder / "1").mkdir(parents=True)
    (node.folder / "1" / "log.txt").write_text("first\nlast\n")
    write_json(node.folder / STATE, asdict(node))
    yield node
    process.kill()
    process.wait()


def test_status_log_and_stop_of_a_node_that_runs(sleeper: Running) -> None:
    run = CliRunner()
    assert f"process {sleeper.pids[0]}  runs" in run.invoke(app, ["node", "status"]).stdout
    assert run.invoke(app, ["node", "log", "-n", "1"]).stdout == "last\n"
    assert "one is stopped" in run.invoke(app, ["node", "stop", "one"]).stdout
    assert process_start(sleeper.pids[0]) == ""
    assert known() == []
    assert (sleeper.folder / "1" / "log.txt").exists()


def test_what_a_node_left_that_did_not_start_is_deleted(sleeper: Running) -> None:
    left = sleeper.folder.with_name("two")
    (left / "1").mkdir(parents=True)
    done = CliRunner().invoke(app, ["node", "stop", "two", "--delete"])
    assert (done.stdout, left.exists()) == ("the data of two is deleted\n", False)
    assert sleeper.folder.exists()


def test_a_start_that_fails_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUNWI_NODE_DIR", str(tmp_path))
    monkeypatch.setenv("SUNWI_MAVEN_REPOSITORY", "http://127.0.0.1:1")
    done = CliRunner().invoke(app, ["node", "start", "--name", "one"])
    assert "no download" in str(done.exception)
    assert not (tmp_path / "running").exists()


def test_a_node_that_was_killed_is_seen(sleeper: Running) -> None:
    os.kill(sleeper.pids[0], 9)
    os.waitpid(sleeper.pids[0], 0)
    shown = CliRunner().invoke(app, ["node", "status"])
    assert (shown.exit_code, "ended from outside" in shown.stdout) == (1, True)


def test_a_process_that_only_has_the_number_is_not_ended(sleeper: Running) -> None:
    other = Running(sleeper.name, sleeper.engine, sleeper.version, sleeper.urls, sleeper.pids, ["1"])
    assert other.alive() == [False]
    end(other, delete=True)
    assert process_start(sleeper.pids[0]) == sleeper.started[0]
    assert not sleeper.folder.exists()


def test_the_end_of_a_run_ends_its_nodes_alone(sleeper: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RUN, "put back after this test")
    close = opened()
    run = Path(os.environ[RUN])
    stdin = os.open(run / PIPE, os.O_RDONLY)
    commands = (["import time; time.sleep(60)"], ["import sys; sys.stdin.read()"])
    known_one, unknown = [subprocess.Popen([sys.executable, "-c", *each], stdin=stdin) for each in commands]
    os.close(stdin)
    start = process_start(known_one.pid)
    node = Running(f"{run.name}-x", "opensearch", "2.19.1", ["http://127.0.0.1:1"], [known_one.pid], [start])
    node.folder.mkdir()
    write_json(node.folder / STATE, asdict(node))
    assert unknown.poll() is None
    close()
    assert (known_one.poll() is None, node.folder.exists(), run.exists()) == (False, False, False)
    assert unknown.wait(timeout=30) == 0  # as after a kill of the run: what it reads has ended
    assert sleeper.alive() == [True]
