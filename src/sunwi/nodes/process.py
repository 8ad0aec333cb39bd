"""Starting, finding and ending nodes: their state is a file with process ids and ports."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sunwi.errors import EngineError
from sunwi.nodes.assemble import assembled, locked, nodes_folder
from sunwi.nodes.catalogue import Engine, Release, release
from sunwi.nodes.http import HEALTH, status_of
from sunwi.nodes.jvm import find_java
from sunwi.nodes.settings import Place, command, environment, write_config
from sunwi.records.files import write_json

START_SECONDS = 480  # a node that ended is seen at once; a busy machine may take minutes
STOP_SECONDS = 30
STATE = "node.json"
SHOWN = 12  # lines of a log in an error


@dataclass(frozen=True, slots=True)
class Running:
    """A cluster of one or more nodes."""

    name: str
    engine: Engine
    version: str
    urls: list[str]
    pids: list[int]
    started: list[str] = field(default_factory=list)  # start of each process: a pid may be used again

    @property
    def folder(self) -> Path:
        """Where its data and logs are."""
        return running_folder() / self.name

    def alive(self) -> list[bool]:
        """Which of its processes run."""
        return [
            begin != "" and process_start(pid) == begin
            for pid, begin in zip(self.pids, self.started, strict=True)
        ]

    @property
    def export(self) -> str:
        """The line for a shell."""
        return f"export SUNWI_{self.engine.upper()}_URL={self.urls[0]}"


@dataclass(frozen=True, slots=True)
class _Options:
    heap: str
    nodes: int
    ml: bool
    secure: bool
    stdin: int | None
    java: Sequence[str]


def running_folder() -> Path:
    """State, data and logs of the nodes."""
    return nodes_folder() / "running"


def known() -> list[Running]:
    """All nodes that were started and not stopped, by name."""
    files = sorted(running_folder().glob(f"*/{STATE}"))
    return [Running(**json.loads(file.read_text(encoding="utf-8"))) for file in files]


def left_behind(name: str) -> Path | None:
    """Folder with log and data of a node that did not start, or was stopped."""
    folders = running_folder().iterdir() if running_folder().exists() else ()
    return next((each for each in folders if each.name == name and not (each / STATE).exists()), None)


def start(
    engine: Engine,
    version: str | None,
    say: Callable[[str], None],
    *,
    name: str | None = None,
    heap: str | None = None,
    nodes: int = 1,
    ml: bool = False,
    secure: bool = False,
    stdin: int | None = None,
    java_options: Sequence[str] = (),
) -> Running:
    """Assemble and start a node, or find it running; it answers when this returns.

    Parameters
    ----------
    stdin
        File descriptor that a new node reads; the node ends when no process has the other end open.
    java_options
        Further options of Java, such as "-XX:TieredStopAtLevel=1": 18 instead of 31 seconds of CPU for the
        start of an OpenSearch, and slower later.

    Raises
    ------
    EngineError
        If Java or an artifact is missing, or the node does not answer; its log is then quoted.
    """
    chosen = release(engine, version)
    label = name or "-".join(
        [engine, chosen.version, *(["ml"] if ml else []), *(["secure"] if secure else [])]
    )
    java = find_java(chosen.java)
    with locked(nodes_folder() / "locks" / label):  # not in its folder: a start that fails leaves none
        before = next((each for each in known() if each.name == label), None)
        if before is not None and all(before.alive()):
            if (before.engine, before.version, len(before.pids)) != (engine, chosen.version, nodes):
                what = f"{label} runs as {before.engine} {before.version} with {len(before.pids)} nodes"
                raise EngineError(engine, what, f"sunwi node stop {label}, or give another --name")
            say(f"{label} runs already")
            return before
        if before is not None:
            say(f"{label} was ended from outside; starting it again with its data")
            end(before)
        home = assembled(chosen, java, say, ml=ml, secure=secure)
        options = _Options(heap or ("3g" if ml else "1g"), nodes, ml, secure, stdin, java_options)
        return _start(chosen, label, java, home, options, say)


def _start(
    chosen: Release, label: str, java: Path, home: Path, options: _Options, say: Callable[[str], None]
) -> Running:
    ports = free_ports(2 * options.nodes)
    folder = running_folder() / label
    places = [Place(n + 1, folder / f"{n + 1}", ports[2 * n], ports[2 * n + 1]) for n in range(options.nodes)]
    if options.secure:
        from sunwi.nodes.security import write_security

        write_security(home, [place.folder / "config" for place in places], folder)
    processes = []
    for place in places:
        write_config(chosen, places, place, ml=options.ml, secure=options.secure)
        arguments = command(
            chosen, java, home, place, [f"-Xms{options.heap}", f"-Xmx{options.heap}", *options.java]
        )
        if options.stdin is not None:
            arguments.append("until-stdin-ends")
        with (place.folder / "log.txt").open("ab") as log:
            processes.append(
                subprocess.Popen(
                    arguments,
                    cwd=place.folder,
                    env=environment(home, place),
                    stdin=subprocess.DEVNULL if options.stdin is None else options.stdin,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )
    pids = [process.pid for process in processes]
    scheme = "https" if options.secure else "http"
    urls = [f"{scheme}://127.0.0.1:{place.http}" for place in places]
    found = Running(label, chosen.engine, chosen.version, urls, pids, [process_start(pid) for pid in pids])
    write_json(folder / STATE, asdict(found))
    say(f"starting {label} (process {', '.join(map(str, pids))})")
    try:
        for place, process in zip(places, processes, strict=True):
            _await_answer(chosen, place, process, secure=options.secure)
    except BaseException:
        end(found)
        raise
    return found


def _await_answer(chosen: Release, place: Place, process: subprocess.Popen[bytes], *, secure: bool) -> None:
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit and process.poll() is None:
        if secure:
            from sunwi.nodes.security import answers_securely

            if answers_securely(place.http, place.folder.parent):
                return
        elif status_of(f"http://127.0.0.1:{place.http}{HEALTH}") == 200:
            return
        time.sleep(0.2)
    ended = f"ended with code {process.returncode}" if process.poll() is not None else "does not answer"
    log = (place.folder / "log.txt").read_text(encoding="utf-8", errors="replace").splitlines()
    what = f"the node {ended}; its log ends with:\n" + "\n".join(line[:300] for line in log[-SHOWN:]) + "\n"
    label = place.folder.parent.name
    next_step = f"read {place.folder / 'log.txt'}; sunwi node stop {label} --delete removes its data"
    raise EngineError(chosen.engine, what, next_step)


def end(node: Running, *, delete: bool = False) -> None:
    """End the node's own processes, and delete its data if asked; no other process is ended."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        for pid, alive in zip(node.pids, node.alive(), strict=True):
            if alive:
                os.kill(pid, sign)
        limit = time.monotonic() + STOP_SECONDS
        while any(node.alive()) and time.monotonic() < limit:
            _reap(node.pids)
            time.sleep(0.1)
    (node.folder / STATE).unlink(missing_ok=True)
    if delete:
        shutil.rmtree(node.folder)


def _reap(pids: list[int]) -> None:
    """A child that ended stays in the process table until it is waited for."""
    for pid in pids:
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            continue


def process_start(pid: int) -> str:
    """When a process started, as the kernel counts; empty if it does not run."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


def free_ports(count: int) -> list[int]:
    """Ports that no process on this machine uses."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()
