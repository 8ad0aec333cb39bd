"""Stages as forks: what a script sees, and what DVC gets to know of its end."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from sunwi.repro.stage_client import StageClient

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere stages are no forks")
HERE = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture
def client() -> Iterator[StageClient]:
    with StageClient() as client:
        yield client


def run(client: StageClient, folder: Path, script: str, arguments: str = "", **variables: str) -> int | None:
    (folder / "stages").mkdir(exist_ok=True)
    (folder / "stages" / "one.py").write_text(script, encoding="utf-8")
    return client.run(f"python stages/one.py{arguments}", str(folder), HERE | variables)


def said(folder: Path) -> str:
    return (folder / "said").read_text(encoding="utf-8")


def test_a_script_sees_what_python_shows_it(client: StageClient, tmp_path: Path) -> None:
    script = """
import os, sys
from pathlib import Path
import beside
about_it = [__name__, __file__, sys.argv, sys.path[0]]
Path("said").write_text(repr([*about_it, os.getcwd(), os.environ["STAGE"], "OLD" in os.environ, beside.WORD]))
"""
    folder = tmp_path.resolve()
    for word in ("first", "second"):  # the project's own modules are read anew
        (folder / "stages").mkdir(exist_ok=True)
        (folder / "stages" / "beside.py").write_text(
            f"WORD = {word!r}  # {'.' * len(word)}", encoding="utf-8"
        )
        assert run(client, folder, script, " submit@a -x=1", STAGE=word) == 0
        assert run(client, folder, "", OLD="of this stage alone") == 0
        assert said(folder) == repr(
            [
                "__main__",
                "stages/one.py",
                ["stages/one.py", "submit@a", "-x=1"],
                str(folder / "stages"),
                str(folder),
                word,
                False,
                word,
            ]
        )


@pytest.mark.parametrize(
    ("last_line", "status", "message"),
    [
        ("pass", 0, ""),
        ("sys.exit()", 0, ""),
        ("sys.exit(3)", 3, ""),
        ("sys.exit('no corpus')", 1, "no corpus\n"),
        ("raise ValueError('no corpus')", 1, "ValueError: no corpus\n"),
        ("os.kill(os.getpid(), 9)", -9, None),
    ],
)
def test_the_end_of_a_script(
    client: StageClient,
    tmp_path: Path,
    last_line: str,
    status: int,
    message: str | None,
    capfd: pytest.CaptureFixture[str],
) -> None:
    script = f"import atexit, os, sys\natexit.register(print, 'at the end')\nprint('begun')\n{last_line}\n"
    assert run(client, tmp_path, script) == status
    assert run(client, tmp_path, "print('the next one')") == 0
    out, err = capfd.readouterr()
    if message is None:  # killed
        assert out.endswith("the next one\n")
        return
    assert out == "begun\nat the end\nthe next one\n"
    assert err.endswith(message)
    assert bool(err) is bool(message)


def test_threads_and_processes_of_a_script_end_as_under_python(client: StageClient, tmp_path: Path) -> None:
    script = """
import multiprocessing, threading, time
from pathlib import Path

def square(number):
    return number**2

def late():
    time.sleep(0.2)
    Path("said").write_text(str(found))

if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:  # it imports this file
        found = pool.map(square, [3])
    threading.Thread(target=late).start()
"""
    assert run(client, tmp_path, script) == 0
    assert said(tmp_path) == "[9]"


def test_a_library_is_imported_once(client: StageClient, tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
before = {"pydantic", "bm25s"} & sys.modules.keys()
import pydantic
Path("said").write_text(repr(sorted(before)))
"""
    seen = []
    for _ in range(2):
        assert run(client, tmp_path, script) == 0
        seen.append(said(tmp_path))
    assert seen == ["[]", "['pydantic']"]


def test_a_program_that_outlives_its_stage_keeps_nobody_waiting(client: StageClient, tmp_path: Path) -> None:
    script = """
import os, time
if os.fork() == 0:
    for _ in range(6000):
        if os.path.exists("end"):
            open("ended", "w").close()
            os._exit(0)
        time.sleep(0.01)
    os._exit(1)
"""
    assert run(client, tmp_path, script) == 0
    assert run(client, tmp_path, "print()") == 0
    assert not (tmp_path / "ended").exists()
    (tmp_path / "end").touch()
    for _ in range(1000):
        if (tmp_path / "ended").exists():
            return
        time.sleep(0.01)
    raise AssertionError("the program did not outlive its stage")


@pytest.mark.parametrize(
    "command",
    [
        "python stages/one.py && echo done",
        "python stages/one.py > log",
        "python stages/one.py '$HOME'",
        "PYTHONHASHSEED=0 python stages/one.py",
        "python -m stages.one",
        "python3.11 stages/one.py",
        "bash stages/one.sh",
    ],
)
def test_what_needs_a_shell_is_not_run(client: StageClient, tmp_path: Path, command: str) -> None:
    assert client.run(command, str(tmp_path), HERE) is None


@pytest.mark.parametrize("environment", [{}, {"PATH": ""}, {"PATH": "ELSEWHERE"}])
def test_another_python_is_not_this_one(
    client: StageClient, tmp_path: Path, environment: Mapping[str, str]
) -> None:
    (tmp_path / "python").symlink_to(sys.executable)  # as an environment links to the one that made it
    path = {name: value.replace("ELSEWHERE", str(tmp_path)) for name, value in environment.items()}
    assert client.run("python stages/one.py", str(tmp_path), path) is None


def test_a_server_that_is_killed(tmp_path: Path) -> None:
    with StageClient() as client:
        assert run(client, tmp_path, "import os; os.kill(os.getppid(), 9)") == -9
        assert run(client, tmp_path, "") == 0  # by another one
