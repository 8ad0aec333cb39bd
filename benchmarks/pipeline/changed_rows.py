"""What a change of a few passages costs: stages, rows computed and seconds, against the run from nothing.

    python -m benchmarks.pipeline.changed_rows FILE.jsonl [--passages 1000] [--precision int8] [--json FILE]

A copy of the last commit, with a row cache of its own, imports the documents and runs to `mine`. Then one
passage is changed; then ten are changed, ten come and ten go; then nothing changes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
from io import BytesIO
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
Rows = list[dict[str, Any]]


def copy_project(folder: Path) -> dict[str, str]:
    """The last commit in a folder of its own; the environment that its commands run in."""
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    environment = os.environ | {
        "SUNWI_CACHE_DIR": str(folder / ".cache" / "sunwi"),
        "PYTHONPATH": str(folder / "src"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DVC_NO_ANALYTICS": "1",
    }
    (folder / "dvc.lock").unlink(missing_ok=True)
    for command in (["init", "--no-scm", "--quiet", "--force"], ["config", "cache.type", "hardlink,copy"]):
        subprocess.run([sys.executable, "-m", "dvc", *command], cwd=folder, env=environment, check=True)
    return environment


def import_documents(folder: Path, environment: dict[str, str], rows: Rows) -> None:
    source = folder / "documents.jsonl"
    source.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    program = [
        sys.executable,
        "-c",
        "from sunwi.cli import main; main()",
    ]  # of the copy, not the installed one
    command = [*program, "import", "competition", "--documents", str(source)]
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)


def cached_rows(folder: Path) -> dict[str, int]:
    """Rows in each cache; between two runs their difference is what was computed."""
    found = {}
    for path in sorted((folder / ".cache" / "sunwi").glob("*.sqlite")):
        with sqlite3.connect(path) as connection:
            found[path.stem] = int(connection.execute("SELECT COUNT(*) FROM rows").fetchone()[0])
    return found


def read_texts(path: Path, field: str) -> set[str]:
    if not path.exists():
        return set()
    return {json.loads(line)[field] for line in path.read_text(encoding="utf-8").splitlines()}


def repro(name: str, folder: Path, environment: dict[str, str], seen: set[str]) -> dict[str, Any]:
    """Run to `mine`; its stages with their seconds, and what was new. `seen`: passages of earlier runs."""
    prepared, questions = folder / "data/prepared/corpus.jsonl", folder / "data/qa/questions.jsonl"
    asked, cached = read_texts(questions, "question"), cached_rows(folder)
    start, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "dvc", "repro", "mine"]
    done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    ran = [line.split("'")[1] for line in done.stdout.splitlines() if line.startswith("Running stage")]
    timing = {stage: json.loads((folder / f"metrics/timing/{stage}.json").read_text()) for stage in ran}
    fresh = {kind: count - cached.get(kind, 0) for kind, count in cached_rows(folder).items()}
    passages = len(read_texts(prepared, "content") - seen)
    seen |= read_texts(prepared, "content")
    vectors = fresh.get("vectors", 0)
    return {
        "run": name,
        "stages": {stage: facts["seconds"] for stage, facts in timing.items()},
        "seconds": round(seconds, 1),
        "cpu_seconds": round(
            after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime,
            1,
        ),
        "passages_encoded": min(passages, vectors),
        "questions_encoded": max(0, vectors - passages),
        "new_questions_kept": len(read_texts(questions, "question") - asked),
        "rows_mined": sum(1 for _ in (folder / "data/mined/train.jsonl").open(encoding="utf-8")),
        "computed": {kind: count for kind, count in fresh.items() if count},
    }


def changed(rows: Rows, positions: range) -> Rows:
    """Those passages end in the last sentence of their neighbour, too."""
    found = [dict(row) for row in rows]
    for at in positions:
        found[at]["content"] += " " + rows[at - 1]["content"].rstrip().rsplit(". ", 1)[-1]
    return found


def ten_of_each(rows: Rows) -> Rows:
    """Ten passages changed, ten deleted, ten added, which are halves of two others put together."""
    found = changed(rows, range(100, 110))
    added = [
        {
            **rows[at],
            "docid": f"added-{at}",
            "content": rows[at]["content"][: len(rows[at]["content"]) // 2]
            + rows[at + 50]["content"][len(rows[at + 50]["content"]) // 2 :],
        }
        for at in range(200, 210)
    ]
    return found[:-10] + added


def table(runs: Rows) -> str:
    """The runs as Markdown; the first one is the run from nothing."""
    head = (
        "| | stages run | passages encoded | questions encoded | new questions | rows mined "
        "| seconds | CPU seconds | share of CPU |\n|---|---|---|---|---|---|---|---|---|"
    )
    lines = []
    for run in runs:
        stages = ", ".join(f"{name} {seconds:g} s" for name, seconds in run["stages"].items()) or "none"
        counts = ("passages_encoded", "questions_encoded", "new_questions_kept", "rows_mined")
        cells = " | ".join(f"{run[key]:,}" for key in counts)
        share = run["cpu_seconds"] / runs[0]["cpu_seconds"]
        lines.append(
            f"| {run['run']} | {stages} | {cells} | {run['seconds']} | {run['cpu_seconds']} | {share:.1%} |"
        )
    return "\n".join([head, *lines])


def measure(rows: Rows, precision: str, folder: Path) -> Rows:
    environment = copy_project(folder)
    import_documents(folder, environment, rows)
    params = folder / "params.yaml"
    text = params.read_text(encoding="utf-8")
    params.write_text(text.replace("  precision: auto ", f"  precision: {precision} ", 1), encoding="utf-8")
    seen: set[str] = set()
    runs = [repro("all, from nothing", folder, environment, seen)]
    for name, now in (
        ("nothing changed", rows),
        ("one passage changed", changed(rows, range(50, 51))),
        ("ten changed, ten added, ten deleted", ten_of_each(rows)),
    ):
        if now is not rows:
            import_documents(folder, environment, now)
        runs.append(repro(name, folder, environment, seen))
    return runs


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("documents", type=Path)
    parser.add_argument("--passages", type=int, help="the first so many; default: all")
    parser.add_argument("--precision", default="auto", help="of the encoder")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    lines = options.documents.read_text(encoding="utf-8").splitlines()[: options.passages]
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as work:
        runs = measure([json.loads(line) for line in lines], options.precision, Path(work))
    if options.json:
        options.json.write_text(json.dumps(runs, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(lines):,} passages, encoder in {options.precision}\n\n{table(runs)}")
