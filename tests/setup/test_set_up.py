"""`make setup` in a small project, with the wheels of an index on the loopback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from tests.setup.package_index import Indexes, served, small_wheel, wheel_of

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("Makefile", "scripts/set_up.py", "scripts/pip_settings.py")

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "small"
version = "1.0"
dependencies = ["torch>=2", "leaf>=1"]

[project.optional-dependencies]
dev = ["devleaf>=1", "linkleaf>=1"]
"""
# An editable wheel with nothing but its metadata: no build tool has to be on the index.
BACKEND = """
import tomllib, zipfile
def build_editable(folder, config_settings=None, metadata_directory=None):
    project = tomllib.load(open("pyproject.toml", "rb"))["project"]
    lines = ["Metadata-Version: 2.1", "Name: small", "Version: 1.0", "Provides-Extra: dev"]
    lines += [f"Requires-Dist: {name}" for name in project["dependencies"]]
    lines += [f"Requires-Dist: {name}; extra == 'dev'" for name in project["optional-dependencies"]["dev"]]
    info = "small-1.0.dist-info"
    with zipfile.ZipFile(f"{folder}/small-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{info}/METADATA", "\\n".join(lines) + "\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", "")
    return "small-1.0-py3-none-any.whl"
build_wheel = build_editable
"""


class Project:
    """A project that is set up by this repository's Makefile."""

    def __init__(self, folder: Path, indexes: Indexes, uv: str) -> None:
        self.folder = folder
        self.indexes = indexes
        self.uv = uv
        for name in COPIED:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        (folder / "pyproject.toml").write_text(PYPROJECT, "utf-8")
        (folder / "backend.py").write_text(BACKEND, "utf-8")
        self.pin("1.0")
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "UV_CACHE_DIR": str(folder / "uv_cache"),
            "NO_PROXY": "127.0.0.1",
        }

    def pin(self, leaf: str) -> None:
        pinned = f"torch==2.13.0\nleaf=={leaf}\nuv=={self.uv}\n"
        (self.folder / "constraints.txt").write_text(pinned, "utf-8")

    def setup(self, **environ: str) -> subprocess.CompletedProcess[str]:
        self.indexes.asked.clear()
        command = ["make", "--no-print-directory", "setup", f"PYTHON={sys.executable}"]
        return subprocess.run(
            [*command, *(f"{name}={value}" for name, value in environ.items())],
            cwd=self.folder, env=self.environ, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip

    def installed(self, name: str) -> tuple[str, str]:
        """Version and installer."""
        (info,) = self.folder.glob(f".venv/lib/python*/site-packages/{name}-*.dist-info")
        return info.name.removesuffix(".dist-info").split("-")[1], (info / "INSTALLER").read_text(
            "utf-8"
        ).strip()


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Indexes `main`, `extra`, `cpu` and the folder `links`; `without_uv` has all of them but uv."""
    folder = tmp_path_factory.mktemp("wheels")
    for index in ("main", "without_uv"):
        for version in ("2.13.0", "2.14.0"):
            small_wheel(folder / index / "torch", "torch", version, "leaf>=1")
        for version in ("1.0", "1.1", "1.2"):
            small_wheel(folder / index / "leaf", "leaf", version)
    for index in ("extra", "without_uv"):
        small_wheel(folder / index / "devleaf", "devleaf", "1.0")
    small_wheel(folder / "links", "linkleaf", "1.0")
    small_wheel(folder / "cpu/torch", "torch", "2.13.0+cpu", "leaf>=1", "libcpu>=1")
    small_wheel(folder / "cpu/leaf", "leaf", "0.9")
    small_wheel(folder / "cpu/libcpu", "libcpu", "1.0")
    return folder


@pytest.fixture(scope="module")
def indexes(wheels: Path) -> Iterator[Indexes]:
    with served(wheels) as found:
        yield found


@pytest.fixture(scope="module")
def uv(wheels: Path) -> str:
    """uv's version; the index `main` has the wheel of the uv that this environment was set up by."""
    try:
        found = distribution("uv")
    except PackageNotFoundError:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip("no uv in this environment: make setup installs it")
    wheel_of(wheels / "main/uv", found)
    return found.version


def test_uv_follows_the_files_and_the_index_of_torch(
    tmp_path: Path, wheels: Path, indexes: Indexes, uv: str
) -> None:
    project = Project(tmp_path, indexes, uv)
    # Settings for pip, by a file and by a variable; a folder of links that is not there is nothing to pip.
    config = tmp_path / "pip.conf"
    config.write_text(
        f"[global]\nindex-url = {indexes.url('main')}\nextra-index-url =\n    {indexes.url('extra')}\n",
        "utf-8",
    )
    project.environ |= {
        "PIP_CONFIG_FILE": str(config),
        "PIP_FIND_LINKS": f"{wheels / 'links'} {wheels / 'not_there'}",
    }

    first = project.setup()
    assert first.returncode == 0, first.stderr
    assert "with pip" not in first.stderr
    for name, version in {"torch": "2.13.0", "leaf": "1.0", "devleaf": "1.0", "linkleaf": "1.0"}.items():
        assert project.installed(name) == (version, "uv")

    again = project.setup()
    assert (again.returncode, again.stdout, again.stderr, indexes.asked) == (0, "", "", [])

    project.pin("1.1")
    assert project.setup().returncode == 0
    assert (project.installed("leaf"), project.installed("torch")) == (("1.1", "uv"), ("2.13.0", "uv"))

    cpu = project.setup(TORCH_INDEX=indexes.url("cpu"))
    assert cpu.returncode == 0, cpu.stderr
    assert (project.installed("torch"), project.installed("libcpu")) == (("2.13.0+cpu", "uv"), ("1.0", "uv"))
    assert project.installed("leaf") == ("1.1", "uv")
    assert project.setup(TORCH_INDEX=indexes.url("cpu")).stderr == ""
    assert (project.setup().stderr, indexes.asked) == ("", [])  # `make test` keeps the build that was chosen

    text = (tmp_path / "pyproject.toml").read_text("utf-8").replace('"leaf>=1"', '"leaf>=1.1"')
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    project.pin("1.2")
    changed = project.setup()
    assert changed.returncode == 0, changed.stderr
    assert (project.installed("leaf"), project.installed("torch")) == (("1.2", "uv"), ("2.13.0+cpu", "uv"))

    wrong = project.setup(TORCH_INDEX=indexes.url("extra").replace("//", "//name:secret@"))
    assert wrong.returncode != 0
    assert f"did not come from {indexes.url('extra')}" in wrong.stderr
    assert "secret" not in wrong.stdout + wrong.stderr
    assert project.installed("torch") == ("2.13.0+cpu", "uv")

    back = project.setup(TORCH_INDEX="")
    assert back.returncode == 0, back.stderr
    assert project.installed("torch") == ("2.13.0", "uv")


def test_pip_goes_on_where_uv_cannot_be_had_and_a_failure_is_not_taken_for_done(
    tmp_path: Path, wheels: Path, indexes: Indexes
) -> None:
    project = Project(tmp_path, indexes, uv="1.0")
    project.environ |= {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": indexes.url("without_uv"),
        "PIP_FIND_LINKS": str(wheels / "links"),
    }
    login = indexes.url("cpu").replace("//", "//name:secret@")
    first = project.setup(TORCH_INDEX=login)
    assert first.returncode == 0, first.stderr
    assert "uv could not be installed: going on with pip" in first.stderr
    for name, version in {"torch": "2.13.0+cpu", "leaf": "1.0", "devleaf": "1.0", "libcpu": "1.0"}.items():
        assert project.installed(name) == (version, "pip")
    kept = [path.read_text("utf-8") for path in (tmp_path / ".venv").glob(".*") if path.is_file()]
    assert len(kept) >= 2
    assert not any("secret" in text for text in [*kept, first.stdout, first.stderr])

    project.pin("7.0")
    failed = project.setup()
    assert failed.returncode != 0
    assert "pip install -c constraints.txt -e .[dev]" in failed.stderr
    project.pin("1.0")
    assert "installing" in project.setup().stderr
    assert project.setup().stderr == ""


def test_a_python_that_is_too_old_is_named(tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "import sys; sys.version_info = (3, 9); $2"\n', "utf-8"
    )
    old.chmod(0o755)
    done = subprocess.run(
        ["make", "setup", f"PYTHON={old}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "Python 3.11.5 or newer is needed" in done.stderr
    assert "make setup PYTHON=" in done.stderr
