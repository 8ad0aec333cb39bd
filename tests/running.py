"""What tests run beside themselves: servers of http.server, forks."""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import BaseServer
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TypeVar

Server = TypeVar("Server", bound=BaseServer)

POLL_SECONDS = 0.01  # `shutdown` waits for it: half a second unless it is given


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """Serve in a thread; end it, and free the port, when the block ends."""
    thread = Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()


class Fork:
    """`work` in a fork, with the part of `subprocess.Popen` that tests use.

    A process of its own would import what this one has: a client of LLMs for a second, torch and the
    libraries of training for many.
    """

    def __init__(self, work: Callable[[], object]) -> None:
        self._folder = TemporaryDirectory()
        self._out, self._err = (Path(self._folder.name, name) for name in ("out", "err"))
        self.returncode: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            status = 1
            try:
                status = self._run(work)
            finally:
                os._exit(status)

    def _run(self, work: Callable[[], object]) -> int:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
        with (
            self._out.open("w", encoding="utf-8") as sys.stdout,
            self._err.open("w", encoding="utf-8") as sys.stderr,
        ):
            try:
                work()
            except BaseException:
                traceback.print_exc()
                return 1
        return 0

    def send_signal(self, number: signal.Signals) -> None:
        """Send it to the fork."""
        os.kill(self.pid, number)

    def communicate(self, timeout: float = 60) -> tuple[str, str]:
        """What it printed, after its end; -N is the `returncode` where signal N ended it."""
        for _ in range(round(timeout * 100)):
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                break
            time.sleep(0.01)
        else:
            os.kill(self.pid, signal.SIGKILL)
            _, status = os.waitpid(self.pid, 0)
        self.returncode = os.waitstatus_to_exitcode(status)
        with self._folder:
            return self._out.read_text(encoding="utf-8"), self._err.read_text(encoding="utf-8")
