"""`sunwi dvc` beside `dvc`, in projects of two stages."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

with_forks = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere stages are no forks")
SUNWI = ("-c", "from sunwi.cli import main; main()", "dvc")
PLAIN = ("-m", "dvc")
PIPELINE = """
stages:
  make:
    cmd: python make.py 3
    deps: [make.py]
    params: [steps, weights, 이름]
    outs: [made.txt]
  count:
    foreach: [a, b]
    do:
      cmd: python count.py ${item} && echo counted
      deps: [count.py, made.txt]
      outs: ["${item}.txt"]
"""
MAKE = "import sys\nopen('made.txt', 'w').write(sys.argv[1])\nprint('made')\n"
COUNT = "import sys\nopen(f'{sys.argv[1]}.txt', 'w').write(open('made.txt').read())\n"


def project(folder: Path) -> Path:
    folder.mkdir()
    for name, text in {
        "dvc.yaml": PIPELINE,
        "params.yaml": "steps: 3\nweights: [0.5, 3.0e-05]\n이름: 순위\n",
        "make.py": MAKE,
        "count.py": COUNT,
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    assert dvc(folder, PLAIN, "init", "--no-scm", "--quiet").returncode == 0
    return folder


def environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PATH": path, "DVC_NO_ANALYTICS": "1", "PYTHONUNBUFFERED": "1"}


def dvc(folder: Path, command: tuple[str, ...], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command, *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_lock_the_messages_and_the_status_are_those_of_dvc(tmp_path: Path) -> None:
    folders = {command: project(tmp_path / command[0]) for command in (SUNWI, PLAIN)}

    def both(*arguments: str) -> subprocess.CompletedProcess[str]:
        ours, theirs = (dvc(folder, command, *arguments) for command, folder in folders.items())
        assert (ours.returncode, ours.stdout, ours.stderr) == (
            theirs.returncode,
            theirs.stdout,
            theirs.stderr,
        )
        locks = [(folder / "dvc.lock").read_bytes() for folder in folders.values()]
        assert locks[0] == locks[1]
        return ours

    assert "Generating lock file" in both("repro").stdout
    for folder in folders.values():
        (folder / "make.py").write_text(MAKE + "raise SystemExit(3)\n", encoding="utf-8")
    failed = both("repro")
    assert failed.returncode != 0
    assert "python make.py 3, exited with 3" in failed.stderr


def test_a_lock_with_other_sections_is_written_by_dvc(tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    lock = folder / "dvc.lock"
    lock.write_text("schema: '2.0'\nstages: {}\ndatasets: []\n", encoding="utf-8")
    done = dvc(folder, SUNWI, "repro", "make")
    assert done.returncode == 0, done.stderr
    assert "'dvc.lock' is not laid out as DVC writes it" in done.stderr
    written = lock.read_text(encoding="utf-8")
    assert "datasets: []" in written
    assert "path: made.txt" in written


@with_forks
def test_ctrl_c_ends_the_stage_and_the_run(tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    waits = (
        "import time\nopen('begun', 'w').close()\nfor _ in range(600): time.sleep(0.1)\nopen('ended', 'w')\n"
    )
    (folder / "make.py").write_text(waits, encoding="utf-8")
    process = subprocess.Popen(
        # A shell's background jobs, and so these tests in one, are started to ignore it.
        [
            sys.executable,
            "-c",
            f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler); {SUNWI[1]}",
            "dvc",
            "repro",
        ],
        cwd=folder,
        env=environment(),
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    for _ in range(600):
        if (folder / "begun").exists():
            break
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "KeyboardInterrupt" in out
    assert "failed to run: python make.py 3, exited with 130" in out
    assert "counted" not in out
    with pytest.raises(ProcessLookupError):  # nobody of them is left
        os.killpg(process.pid, 0)


@with_forks
@pytest.mark.parametrize("gpu", [False, True])
def test_beside_a_gpu_a_stage_is_no_fork(tmp_path: Path, gpu: bool) -> None:
    folder = project(tmp_path / "project")
    parent = (
        "import os\nfrom pathlib import Path\nparent = Path(f'/proc/{os.getppid()}/cmdline').read_text()\n"
    )
    (folder / "make.py").write_text(parent + "open('made.txt', 'w').write(parent)\n", encoding="utf-8")
    driver = f"from sunwi.repro import dvc_command; dvc_command.has_gpu_driver = lambda: {gpu}; "
    assert dvc(folder, ("-c", driver + SUNWI[1], "dvc"), "repro", "make").returncode == 0
    assert ("stage_server.py" in (folder / "made.txt").read_text(encoding="utf-8")) is not gpu


def test_another_dvc_runs_as_it_is(tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    other = "from dvc.stage import run; run._run = lambda *words, **_: open('asked', 'w').close(); "
    done = dvc(folder, ("-c", other + SUNWI[1], "dvc"), "repro", "make")
    assert (folder / "asked").exists()
    assert "like those of DVC 3.67: it runs as `dvc` does" in done.stderr
    assert not (folder / "made.txt").exists()
