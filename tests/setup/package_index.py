"""Wheels of a few lines, and package indexes on the loopback that serve them and count what is asked for."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import Distribution
from pathlib import Path

from tests.running import running


def small_wheel(folder: Path, name: str, version: str, *requires: str) -> Path:
    """A wheel with one module, which holds nothing but its version."""
    requirements = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requirements}"
    files = {
        f"{name}.py": f"__version__ = {version!r}\n".encode(),
        f"{info}/METADATA": metadata.encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    return _wheel(folder / f"{name}-{version}-py3-none-any.whl", info, files)


def wheel_of(folder: Path, installed: Distribution) -> Path:
    """The wheel that an installed distribution came from, its programs included."""
    name, version = installed.metadata["Name"], installed.version
    info = f"{name}-{version}.dist-info"
    tag = next(line.split()[1] for line in str(installed.read_text("WHEEL")).splitlines() if "Tag:" in line)
    files = {}
    for path in installed.files or []:
        if path.suffix == ".pyc" or path.name in {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}:
            continue
        program = path.parts[0] == ".."
        inside = f"{name}-{version}.data/scripts/{path.name}" if program else path.as_posix()
        files[inside] = Path(str(path.locate())).read_bytes()
    return _wheel(folder / f"{name}-{version}-{tag}.whl", info, files)


def _wheel(path: Path, info: str, files: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    record = []
    with zipfile.ZipFile(path, "w") as made:
        for inside, content in files.items():
            entry = zipfile.ZipInfo(inside)
            entry.external_attr = (0o100755 if "/scripts/" in inside else 0o100644) << 16
            made.writestr(entry, content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            record.append(f"{inside},sha256={digest},{len(content)}\n")
        made.writestr(f"{info}/RECORD", "".join([*record, f"{info}/RECORD,,\n"]))
    return path


class Indexes:
    """`address/NAME/` is an index over the folder NAME, with a folder of wheels a package."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.asked: list[str] = []

    def url(self, name: str) -> str:
        return f"{self.address}/{name}/"


@contextmanager
def served(folder: Path) -> Iterator[Indexes]:
    """Serve the folder's indexes until the block ends."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            indexes.asked.append(self.path)

    with running(ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))) as server:
        indexes = Indexes(f"http://127.0.0.1:{server.server_port}")
        yield indexes
