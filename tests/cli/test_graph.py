from __future__ import annotations

from pathlib import Path

import pytest
from tests.graph.little_project import make_project
from typer.testing import CliRunner

from sunwi.cli import app

FILES = {"stages/one.py": "import sunwi.a.x", "src/sunwi/a/x.py": "import sunwi.b", "src/sunwi/b.py": ""}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(make_project(tmp_path, FILES))
    return tmp_path


def sunwi_graph(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["graph", *arguments])
    return done.exit_code, done.output


def test_check_then_write_then_check(project: Path) -> None:
    code, output = sunwi_graph("--check")
    assert code == 1
    assert "stage one: undeclared src/sunwi/b.py, which is reached from src/sunwi/a/x.py" in output
    assert "docs/architecture.md: the picture" in output
    assert output.endswith("Next: sunwi graph --write\n")
    code, output = sunwi_graph("--write")
    assert code == 0
    assert "dvc.yaml: code dependencies of one were written." in output
    assert "Next: make repro" in output
    assert "      - src/sunwi/a\n      - src/sunwi/b.py\n      - data/in\n" in (
        project / "dvc.yaml"
    ).read_text("utf-8")
    assert sunwi_graph("--check")[0] == 0
    before = {
        path: path.stat().st_mtime_ns for path in (project / "dvc.yaml", project / "docs/architecture.md")
    }
    assert sunwi_graph("--write") == (0, "Nothing differs; nothing was written.\n")
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_listing_and_the_way_to_a_file(project: Path) -> None:
    entries = ["stages/one.py", "src/sunwi/__init__.py", "src/sunwi/a", "src/sunwi/b.py"]
    listing = "".join(["one: 5 files in 4 entries\n", *(f"  {entry}\n" for entry in entries)])
    assert sunwi_graph() == (0, listing)
    assert sunwi_graph("one") == (0, listing)
    way = "stages/one.py\n  imports src/sunwi/a/x.py\n  imports src/sunwi/b.py\n"
    assert sunwi_graph("one", "--why", "src/sunwi/b.py") == (0, way)
    assert sunwi_graph("one", "--why", "src/sunwi/c.py") == (1, "one does not reach src/sunwi/c.py\n")


def test_rooms_writes_the_page_alone(project: Path) -> None:
    before = (project / "dvc.yaml").read_bytes()
    assert sunwi_graph("--rooms") == (0, "docs/architecture.md: the picture of the packages was written.\n")
    assert (project / "dvc.yaml").read_bytes() == before
    assert sunwi_graph("--rooms") == (0, "Nothing differs; nothing was written.\n")


@pytest.mark.parametrize("arguments", [("nope",), ("--write", "--check"), ("--why", "x")])
def test_what_cannot_be_asked_changes_nothing(project: Path, arguments: tuple[str, ...]) -> None:
    before = (project / "dvc.yaml").read_bytes()
    assert sunwi_graph(*arguments)[0] == 1
    assert (project / "dvc.yaml").read_bytes() == before


def test_nothing_is_written_where_the_page_lacks_its_markers(project: Path) -> None:
    before = (project / "dvc.yaml").read_bytes()
    (project / "docs/architecture.md").unlink()
    assert sunwi_graph("--write")[0] == 1
    assert (project / "dvc.yaml").read_bytes() == before
