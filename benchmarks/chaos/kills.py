"""Kill steps of a small project at drawn points, run them again, compare: `python -m benchmarks.chaos.kills`.

Each step runs once undisturbed. Then it starts from the same files, gets SIGKILL after a drawn share of that
time (a step that ended before starts again, with an earlier kill), and runs again; every file that it leaves
must hold the bytes of the undisturbed run, with no file more.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.pipeline.tiny_project import PASSAGES, ROOT, write_source

from sunwi.paths import TIMING

PARAMS = """data: {source: data/raw}
encoder: {max_length: 48, query_max_length: 24}
qa: {exclude_judged_documents: false, round_trip: bm25}
"""
_SUNWI = [str(Path(sys.executable).with_name("sunwi"))]
_IMPORT = ["import", "competition", "--documents", "given/corpus.jsonl", "--keep-provider"]
STEPS = {
    "import": [*_SUNWI, *_IMPORT, "--queries", "given/queries.jsonl", "--qrels", "given/qrels.tsv"],
    "prepare": [sys.executable, str(ROOT / "stages" / "prepare.py")],
    "generate_qa": [sys.executable, str(ROOT / "stages" / "generate_qa.py")],
    "encode base": [sys.executable, str(ROOT / "stages" / "encode.py"), "base"],
}
EARLIER = 0.7  # of a drawn time that was too late
LONGEST = 600.0  # seconds: a step that takes longer ends the program


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=48)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sunwi_kills_") as folder:
        failures = kill_steps(Path(folder), args.kills, random.Random(args.seed))
    sys.exit(1 if failures else 0)


def kill_steps(folder: Path, kills: int, drawn: random.Random) -> int:
    """Print a line for each step; return the number of kills after which a file differed."""
    project = make_project(folder / "project")
    names = list(STEPS)
    all_failures = 0
    for number, name in enumerate(names):
        before = folder / "before"
        copy(project, before)
        start = time.monotonic()
        run(name, project)
        seconds = time.monotonic() - start
        expected = files_of(project)
        times = [drawn.uniform(0.0, seconds) for _ in range(number, kills, len(names))]
        failures = 0
        for time_drawn in times:
            wait = time_drawn
            work = folder / "work"
            copy(before, work)
            while not kill(name, work, wait):  # it ended before: no run takes as long as the first, cold one
                wait *= EARLIER
                copy(before, work)
            run(name, work)
            found = files_of(work)
            wrong = sorted(
                path for path in expected.keys() | found.keys() if expected.get(path) != found.get(path)
            )
            failures += bool(wrong)
            if wrong:
                print(f"{name}: after a kill at {wait:.2f} s these differ: {', '.join(wrong)}")
        print(
            f"{name:12} {seconds:6.1f} s undisturbed  {len(times):3} kills  {len(expected):3} files  "
            f"{failures} runs that differ",
            flush=True,
        )
        all_failures += failures
    return all_failures


def copy(source: Path, target: Path) -> None:
    """Replace a folder by a copy of another."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)


def make_project(project: Path) -> Path:
    """A folder with params.yaml and, in `given`, a part of the demo."""
    write_source(project / "given", PASSAGES)
    queries = project / "given" / "queries.jsonl"
    text = queries.read_text(encoding="utf-8")
    queries.write_text(text.replace('"messages":', '"msg":'), encoding="utf-8")  # the competition's name
    shutil.copytree(ROOT / "params", project / "params")
    (project / "params.yaml").write_text(PARAMS, encoding="utf-8")
    return project


def run(name: str, project: Path) -> None:
    """Run a step to its end.

    Raises
    ------
    RuntimeError
        If it fails, with what it printed.
    """
    done = subprocess.run(
        STEPS[name], cwd=project, env=environment(project), capture_output=True, text=True,
        check=False, timeout=LONGEST,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{name} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def kill(name: str, project: Path, wait: float) -> bool:
    """Start a step and end it, with its children, after `wait` seconds; whether it was still running."""
    process = subprocess.Popen(
        STEPS[name], cwd=project, env=environment(project), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        process.wait(wait)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def environment(project: Path) -> dict[str, str]:
    """A row cache of the project's own, so that a kill meets it too."""
    paths = f"{ROOT / 'src'}{os.pathsep}{ROOT}"
    return os.environ | {"SUNWI_CACHE_DIR": str(project / ".cache"), "PYTHONPATH": paths}


def files_of(project: Path) -> dict[str, bytes]:
    """Every file but the row cache, which is no output, and the times, which no two runs share."""
    found = {}
    for path in sorted(project.rglob("*")):
        relative = path.relative_to(project)
        if path.is_file() and relative.parts[0] != ".cache" and not relative.is_relative_to(TIMING):
            found[relative.as_posix()] = path.read_bytes()
    return found


if __name__ == "__main__":
    main()
