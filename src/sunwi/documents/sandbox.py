"""Each file read in a process of its own, with bounds of memory and time.

A server process (`python -m sunwi.documents.server`) has the readers' libraries loaded and forks itself for
each file, so that a file costs milliseconds and not an interpreter's start; what a file breaks is the fork.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from sunwi.documents.blocks import Block
from sunwi.documents.files import ReadingOptions
from sunwi.documents.reader import Extracted, ReadingFault

REPORT = "reduce the file, or report it with its format to the project"


class Sandbox:
    """One server of reading processes; use it from one thread."""

    def __init__(self, options: ReadingOptions) -> None:
        self.options = options
        self._folder = tempfile.TemporaryDirectory(prefix="sunwi-read-")
        self._server: subprocess.Popen[str] | None = None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the server and delete its folder."""
        if self._server is not None:
            self._stop(self._server)
        self._folder.cleanup()

    @property
    def folder(self) -> Path:
        """Where members of archives are unpacked."""
        return Path(self._folder.name)

    def read(self, path: Path, form: str) -> Extracted:
        """The blocks of one file.

        Raises
        ------
        ReadingFault
            If the reader refuses the file, crashes, or passes a bound.
        """
        result = self.folder / "result.json"
        order = {
            "path": str(path),
            "format": form,
            "ocr": self.options.ocr,
            "seconds": self.options.seconds,
            "memory": self.options.memory_mb * 1024**2,
            "result": str(result),
        }
        outcome = self._ask(json.dumps(order))
        if outcome == "done":
            return _extracted(result)
        if outcome == "late":
            what = f"it was not read within {self.options.seconds:g} seconds"
            raise ReadingFault(what, "split it, or raise documents.seconds in params.yaml")
        if outcome == "memory":
            what = f"its reader needs more than {self.options.memory_mb:,} MiB of memory"
            raise ReadingFault(what, "split it, or raise documents.memory_mb in params.yaml")
        raise ReadingFault(f"its reader crashed ({outcome})", REPORT)

    def _ask(self, order: str) -> str:
        server = self._server or self._start()
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            server.stdin.write(f"{order}\n")
            server.stdin.flush()
            answer = server.stdout.readline().strip()
        except BrokenPipeError:
            answer = ""
        if not answer:  # the server itself ended: the next file gets another one
            self._stop(server)
            self._server = None
            return "the process that starts readers ended"
        return answer

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "sunwi.documents.server"]
        self._server = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        return self._server

    @staticmethod
    def _stop(server: subprocess.Popen[str]) -> None:
        assert server.stdin is not None
        assert server.stdout is not None
        server.kill()
        server.stdout.close()
        with suppress(BrokenPipeError):  # what was not sent is not needed any more
            server.stdin.close()
        server.wait()


def _extracted(result: Path) -> Extracted:
    found = json.loads(result.read_text(encoding="utf-8"))
    result.unlink()
    if "reason" in found:
        raise ReadingFault(found["reason"], found["next_step"])
    blocks = [Block.model_validate(block) for block in found["blocks"]]
    return Extracted(blocks, found["pages"], found["warnings"], found["laid_out"])
