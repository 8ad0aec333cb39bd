"""`sunwi check` in a real history of two commits."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sunwi.cli import app

PARAMS = """
submissions:
  dense_base: {encoder: base, retrievers: [dense], fusion: weighted}
  tuned: {}
score: {bootstrap: 200, permutations: 500}
"""
HEAD = "query_id,relevant_documents,tuned.average_precision,tuned.first_relevant_rank\n"


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def write(folder: Path, hits: int) -> None:
    rows = (f"{number},1,{float(number < hits)},{1 if number < hits else ''}\n" for number in range(30))
    (folder / "metrics").mkdir(exist_ok=True)
    (folder / "metrics" / "per_query.csv").write_text(HEAD + "".join(rows), encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository" / "project"  # the project may be a folder of the repository
    folder.mkdir(parents=True)
    (folder / "params.yaml").write_text(PARAMS, encoding="utf-8")
    write(folder, 28)
    git(folder.parent, "init", "--quiet", "--initial-branch=main")
    git(folder.parent, "add", ".")
    git(folder.parent, "commit", "--quiet", "-m", "first")
    monkeypatch.chdir(folder)
    return folder


def check(*arguments: str):
    return CliRunner().invoke(app, ["check", *arguments])


@pytest.mark.parametrize(("hits", "verdict"), [(28, "kept"), (30, "kept"), (26, "noise")])
def test_passes(project: Path, hits: int, verdict: str) -> None:
    write(project, hits)
    done = check("--against", "main")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1].endswith(f"| 30 | {verdict} |")


def test_a_real_fall_stops_the_build_and_shows_the_table(project: Path) -> None:
    write(project, 10)
    done = check("--against", "HEAD")
    assert done.exit_code == 1
    assert "| tuned | map | 0.9333 | 0.3333 |" in done.output
    assert "tuned map (fallen)" in str(done.exception)


@pytest.mark.parametrize("revision", ["no_such_branch", "--help", "HEAD~9"])
def test_unknown_revisions_are_named(project: Path, revision: str) -> None:
    done = check("--against", revision)
    assert done.exit_code == 1
    assert repr(revision) in str(done.exception)


def test_without_scores(project: Path) -> None:
    (project / "metrics" / "per_query.csv").unlink()
    assert "run dvc repro" in str(check("--against", "HEAD").exception)
