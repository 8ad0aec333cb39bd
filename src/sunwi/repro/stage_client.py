"""Stages of DVC as forks of one process (`stage_server`)."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sunwi.repro import stage_server

# `python stages/NAME.py ARGUMENTS` without anything that a shell would read otherwise.
PLAIN = re.compile(r"python ([\w./-]+\.py)((?: [\w.@/:=+-]+)*)")


class StageClient:
    """Runs stages one after the other; its process starts with the first one.

    The stages write to where this process does, and belong to its process group, so that Ctrl-C reaches them.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def run(self, command: str, folder: str, environment: Mapping[str, str]) -> int | None:
        """Run `python SCRIPT ARGUMENTS`; return its exit status, or -N where signal N ended it.

        A command for a shell, or for another Python, isn't run; then return None.
        """
        if not (found := PLAIN.fullmatch(command)) or not _is_this_python(environment):
            return None
        if self._process is None:
            self._start()
        request = stage_server.Request(found[1], found[2].split(), folder, dict(environment))
        with _ctrl_c_left_to_the_stage():
            self._lines.write(json.dumps(request) + "\n")
            self._lines.flush()
            status = self._lines.readline()
        return int(status) if status else self._stop() or 1  # it was killed

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, stage_server.__file__, str(theirs.fileno())]
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()])
        self._connection, self._lines = ours, ours.makefile("rw", encoding="utf-8")

    def _stop(self) -> int:
        """End the process, if there is one; the next stage starts another. Return its exit status."""
        if self._process is None:
            return 0
        process, self._process = self._process, None
        self._lines.close()
        self._connection.close()
        return process.wait()


@contextmanager
def _ctrl_c_left_to_the_stage() -> Iterator[None]:
    """DVC says what became of the stage, and stops."""
    if threading.current_thread() is not threading.main_thread():  # which alone sees it
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _is_this_python(environment: Mapping[str, str]) -> bool:
    """Whether `python` is the one that runs this, by its folder: environments link to the same file."""
    found = shutil.which("python", path=environment.get("PATH", ""))
    return found is not None and Path(found).parent.resolve() == Path(sys.executable).parent.resolve()
