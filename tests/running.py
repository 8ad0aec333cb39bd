"""A server of http.server that answers until a block ends."""

from collections.abc import Iterator
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
