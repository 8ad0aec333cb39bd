"""A run from nothing: CPU seconds a stage and peak memory, of the demo or of a corpus of one's own.

    python -m benchmarks.pipeline.cold [--documents FILE --questions FILE [--dialogues FILE]] [--json FILE]
        [--runs baseline whole changed] [--precision auto] [--estimate] [--plain]

Copies the last commit, with an empty row cache and an empty DVC cache, and runs `sunwi dvc repro baseline`,
then `sunwi dvc repro`, then that once more after one passage has changed; with --plain `dvc` itself. CPU
seconds are of DVC and all its children, read from Linux' /proc at the start of each stage.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.pipeline.changed_rows import copy_project

RUNS = {"baseline": ["baseline"], "whole": [], "changed": []}
QUESTIONS_A_PASSAGE = 3
PROGRAM = [sys.executable, "-c", "from sunwi.cli import main; main()"]  # of the copy, not the installed one


def prepare(folder: Path, files: argparse.Namespace) -> dict[str, str]:
    """A copy of the project, on the demo or on the files' corpus; the environment of its commands."""
    environment = copy_project(folder)
    if files.documents is None:
        return environment
    questions = folder / "given.jsonl"
    questions.write_text("".join(first_questions(files.questions)), encoding="utf-8")
    given = ["--documents", str(files.documents), "--questions", str(questions)]
    given += ["--queries", str(files.dialogues)] if files.dialogues else []
    command = [*PROGRAM, "import", "competition", *given]
    subprocess.run(command, cwd=folder, env=environment, check=True)
    params = folder / "params.yaml"
    text, count = re.subn(
        r"(?m)^( +precision:) \w+", rf"\1 {files.precision}", params.read_text(encoding="utf-8")
    )
    assert count == 1, "expected one line `precision:` in params.yaml"
    params.write_text(text, encoding="utf-8")
    return environment


def first_questions(path: Path) -> list[str]:
    """The first lines of each passage, as the file has them."""
    taken: Counter[str] = Counter()
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        docid = json.loads(line)["docid"]
        if taken[docid] < QUESTIONS_A_PASSAGE:
            taken[docid] += 1
            lines.append(line)
    return lines


def run(folder: Path, environment: dict[str, str], command: list[str]) -> dict[str, Any]:
    """CPU seconds and wall seconds a stage, and the peak memory of the largest process."""
    environment = environment | {"PYTHONUNBUFFERED": "1"}  # stages are timed as they begin
    start, log = time.perf_counter(), folder / "repro.log"
    process = subprocess.Popen(
        command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=log.open("w")
    )
    assert process.stdout is not None
    begun = (found[1] for line in process.stdout if (found := re.match(r"Running stage '(.+)'", line)))
    marks = [("dvc", 0.0, start)]
    marks += ((stage, cpu_seconds(process.pid), time.perf_counter()) for stage in begun)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(log.read_text(encoding="utf-8")[-3000:])
    ends = [*marks[1:], ("", usage.ru_utime + usage.ru_stime, time.perf_counter())]
    stages: dict[str, list[float]] = {}
    for (name, cpu, wall), (_, cpu_end, wall_end) in zip(marks, ends, strict=True):
        seconds = stages.setdefault(name.split("@")[0], [0.0, 0.0])
        seconds[0] += cpu_end - cpu
        seconds[1] += wall_end - wall
    return {
        "cpu": ends[-1][1],
        "wall": ends[-1][2] - start,
        "peak_gib": usage.ru_maxrss / 2**20,
        "stages": {name: [round(cpu, 1), round(wall, 1)] for name, (cpu, wall) in stages.items()},
    }


def cpu_seconds(pid: int) -> float:
    """Of a process and of its children, of theirs only those that have ended."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    ticks = 0
    for process in (str(pid), *children):
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def change_a_passage(folder: Path) -> None:
    """One sentence more in the middle passage of the source."""
    text = (folder / "params.yaml").read_text(encoding="utf-8")
    source = re.search(r"(?m)^ +source: (\S+)", text)
    assert source, "expected data.source in params.yaml"
    corpus = folder / source[1] / "corpus.jsonl"
    lines = corpus.read_text(encoding="utf-8").splitlines()
    row = json.loads(lines[len(lines) // 2])
    lines[len(lines) // 2] = json.dumps(
        row | {"content": row["content"] + " 이 문장은 새로 더했다."}, ensure_ascii=False
    )
    corpus.write_text("\n".join(lines) + "\n", encoding="utf-8")


def table(runs: dict[str, dict[str, Any]]) -> str:
    """Markdown: a row a run, then the stages by CPU time."""
    lines = [
        "| run | CPU minutes | minutes by the clock | peak memory of a process, GiB |",
        "|---|---:|---:|---:|",
    ]
    for name, found in runs.items():
        lines.append(
            f"| {name} | {found['cpu'] / 60:.1f} | {found['wall'] / 60:.1f} | {found['peak_gib']:.1f} |"
        )
    for name, found in runs.items():
        stages = sorted(found["stages"].items(), key=lambda item: -item[1][0])
        lines += [
            "",
            f"{name}: " + ", ".join(f"{stage} {cpu:.0f} s" for stage, (cpu, _) in stages if cpu >= 1),
        ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=Path, help="JSON lines: docid, content")
    parser.add_argument("--questions", type=Path, help="JSON lines: docid, question")
    parser.add_argument("--dialogues", type=Path, help="JSON lines: eval_id, msg")
    parser.add_argument("--precision", default="auto", help="of encoder.precision, with files of one's own")
    parser.add_argument("--runs", nargs="+", choices=list(RUNS), default=list(RUNS))
    parser.add_argument("--folder", type=Path, help="where the copy stays; otherwise it is deleted")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--estimate", action="store_true", help="what `sunwi estimate` says before the runs")
    parser.add_argument("--plain", action="store_true", help="by `dvc`, not by `sunwi dvc`")
    options = parser.parse_args()
    if (options.documents is None) != (options.questions is None):
        parser.error("name both files or none: --documents FILE --questions FILE")
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        environment = prepare(folder, options)
        if options.estimate:
            subprocess.run([*PROGRAM, "estimate"], cwd=folder, env=environment, check=True)
        runs: dict[str, dict[str, Any]] = {}
        program = [sys.executable, "-m", "dvc"] if options.plain else [*PROGRAM, "dvc"]
        for name in options.runs:
            if name == "changed":
                change_a_passage(folder)
            runs[name] = run(folder, environment, [*program, "repro", *RUNS[name]])
            print(json.dumps({name: runs[name]}), flush=True)
    print(table(runs))
    if options.json:
        options.json.write_text(json.dumps(runs, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
