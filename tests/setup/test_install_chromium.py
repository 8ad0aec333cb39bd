"""The script that brings the page tests' browser, with an apt-get of the test's own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.report.conftest import NAMES

SCRIPT = Path(__file__).resolve().parents[2] / "scripts/install_chromium.sh"


def program(folder: Path, name: str, *lines: str) -> None:
    path = folder / name
    path.write_text("\n".join(["#!/bin/bash", *lines, ""]), "utf-8")
    path.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A PATH of its own: no browser, root as the user."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("bash", "env", "chmod"):
        (folder / name).symlink_to(str(shutil.which(name)))
    program(folder, "id", "echo 0")
    return folder


def run(programs: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/bash", SCRIPT], env={"PATH": str(programs)}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_browser_that_the_tests_find_is_enough(programs: Path, name: str) -> None:
    program(programs, name)
    program(programs, "apt-get", "exit 9")
    done = run(programs)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_package_is_installed_where_there_is_none_even_if_the_list_is_old(programs: Path) -> None:
    program(
        programs, "apt-get",
        'case "$*" in *update*) exit 100;; esac',
        f'case "$*" in *"install -y --no-install-recommends chromium"*) echo "#!" >{programs}/chromium',
        f"chmod +x {programs}/chromium;; esac",
    )  # fmt: skip
    done = run(programs)
    assert done.returncode == 0, done.stderr
    assert "apt-get update ended with 100" in done.stderr


@pytest.mark.parametrize(
    ("apt", "said"),
    [
        (None, "no apt-get here"),
        (['[[ "$*" != *install* ]]'], "apt-get install chromium ended with 1"),
        (["exit 0"], "none of chromium chromium-browser google-chrome chrome is on PATH"),
    ],
)
def test_a_browser_that_did_not_come_is_no_success(programs: Path, apt: list[str] | None, said: str) -> None:
    if apt is not None:
        program(programs, "apt-get", *apt)
    done = run(programs)
    assert done.returncode == 1
    assert said in done.stderr


def test_another_user_without_sudo_is_told_so(programs: Path) -> None:
    program(programs, "id", "echo 1000")
    program(programs, "apt-get", "exit 9")
    done = run(programs)
    assert done.returncode == 1
    assert "not root" in done.stderr
