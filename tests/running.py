"""What tests run beside themselves: servers of http.server, forks."""

import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socketserver import BaseServer
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


def fork(work: Callable[[], object]) -> int:
    """Run `work` in a fork; return its exit status, or -N where signal N ended it.

    A process of its own would import torch and the libraries of training for many seconds.
    """
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
