"""Real search nodes for a whole run of tests: all processes of pytest-xdist share them.

The first process of pytest opens a pipe by name. A node reads it as its stdin, and ends when that process
ends, however that ends.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from sunwi.nodes.assemble import nodes_folder
from sunwi.nodes.process import Running, end, known, start

RUN = "SUNWI_TEST_RUN"  # folder of the run, which the other processes inherit
QUICK_START = "-XX:TieredStopAtLevel=1"  # a node of tests lives too short for Java's second compiler
PIPE = "open-while-the-tests-run"


def opened() -> Callable[[], None]:
    """Called once a run, by the process that starts the others; what it returns ends the run's nodes."""
    folder = Path(tempfile.mkdtemp(prefix="sunwi-tests-"))
    os.mkfifo(folder / PIPE)
    # for reading too: otherwise it would wait for a reader
    held = os.open(folder / PIPE, os.O_RDWR)
    os.environ[RUN] = str(folder)

    def close() -> None:
        for node in known():
            if node.name.startswith(f"{folder.name}-"):
                end(node, delete=True)
        for lock in (nodes_folder() / "locks").glob(f"{folder.name}-*"):
            lock.unlink()
        os.close(held)
        shutil.rmtree(folder)
        os.environ.pop(RUN, None)

    return close


def node_of_the_run(release: str, *, heap: str | None = None, ml: bool = False) -> Running:
    """The node of "ENGINE-VERSION"; the first test that needs it starts it, the others wait for it."""
    engine, version = release.split("-")
    folder = Path(os.environ[RUN])
    stdin = os.open(folder / PIPE, os.O_RDONLY)
    try:
        name = f"{folder.name}-{release}{'-ml' if ml else ''}"
        return start(
            engine, version, print, name=name, heap=heap, ml=ml, stdin=stdin, java_options=[QUICK_START]
        )
    finally:
        os.close(stdin)
