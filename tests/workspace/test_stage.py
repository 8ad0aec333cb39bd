"""What every stage does around its work, seen as its user sees it: a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sunwi.errors import DataError
from sunwi.workspace.stage import stage

ROOT = Path(__file__).resolve().parents[2]


def run(folder: Path, work: str) -> subprocess.CompletedProcess[str]:
    program = f"""
from sunwi.errors import DataError
from sunwi.workspace.stage import stage
with stage("one") as workspace:
    {work}
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_seconds_and_memory_are_kept_beside_the_metrics(tmp_path: Path) -> None:
    done = run(tmp_path, "print(workspace.path(workspace.root).resolve())")
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, str(tmp_path.resolve()), "")
    facts = json.loads((tmp_path / "metrics" / "timing" / "one.json").read_text(encoding="utf-8"))
    assert facts.keys() == {"seconds", "peak_memory_mb"}
    assert facts["peak_memory_mb"] > 1


def test_an_error_that_a_user_can_act_on_is_a_sentence(tmp_path: Path) -> None:
    error = DataError("the corpus has no d9", "run dvc repro prepare")
    done = run(tmp_path, 'raise DataError("the corpus has no d9", "run dvc repro prepare")')
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{error}\n")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "metrics").exists()


def test_what_nobody_foresaw_keeps_its_traceback(tmp_path: Path) -> None:
    done = run(tmp_path, 'raise ZeroDivisionError("here")')
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert done.stderr.endswith("ZeroDivisionError: here\n")
    assert not (tmp_path / "metrics").exists()


def test_an_exit_is_an_exit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped, stage("one"):
        sys.exit(0)
    assert stopped.value.code == 0
