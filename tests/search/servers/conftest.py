"""Servers on loopback: real nodes (`sunwi node`), each started once a run, or what the environment names.

Where Java or the artifacts are missing, or with SUNWI_TEST_NODES=0, stand-ins from PyPI play; not under CI.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.run_nodes import node_of_the_run

from sunwi.errors import EngineError
from sunwi.params.search import SearchParams
from sunwi.records.corpus import Document
from sunwi.search.passages import Passages
from sunwi.search.servers.access import EngineName
from sunwi.search.servers.connect import connect
from sunwi.search.servers.index import Dialect
from sunwi.search.servers.server import Server

Connection = tuple[Server, Dialect]
NODES = ("opensearch-2.19.1", "elasticsearch-8.19.0", "elasticsearch-9.1.0")
# processes of one run share a node
INDEX = f"sunwi-test-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
NEWEST = {"opensearch": "2.19.1", "elasticsearch": "9.1.0"}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def await_server(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, f"the server ended with code {process.returncode}"
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"no answer from {url}")


def stand_in(package: str, command: list[str], url: str) -> Iterator[str]:
    pytest.importorskip(package, reason="pip install 'sunwi[engines]'")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        await_server(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


@dataclass(frozen=True)
class Played:
    """What plays a server in a test: a real one, or a stand-in of the same protocol."""

    engine: EngineName
    url: str
    real: bool

    @property
    def environment(self) -> dict[str, str]:
        prefix = f"SUNWI_{self.engine.upper()}_"
        return {
            **{name: value for name, value in os.environ.items() if name.startswith(prefix)},
            f"{prefix}URL": self.url,
        }


@pytest.fixture(scope="session", params=NODES)
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """A server that all processes of a run use; names of indices keep their tests apart."""
    engine, version = request.param.split("-")
    pytest.importorskip({"opensearch": "opensearchpy"}.get(engine, engine))
    if given := os.environ.get(f"SUNWI_{engine.upper()}_URL"):
        if version != NEWEST[engine]:
            pytest.skip("the server that the environment names plays once")
        yield Played(engine, given, True)
        return
    try:
        if os.environ.get("SUNWI_TEST_NODES") == "0":
            raise EngineError(engine, "SUNWI_TEST_NODES is 0", "unset it")
        node = node_of_the_run(request.param, heap="512m")
    except EngineError as reason:
        if os.environ.get("CI"):
            pytest.fail(f"a stand-in would play {request.param}: {reason}")
        if version != NEWEST[engine]:
            pytest.skip(f"no node: {reason}")
        for url in stand_in_url(engine, tmp_path_factory):
            yield Played(engine, url, False)
        return
    yield Played(engine, node.urls[0], True)


def stand_in_url(engine: str, folders: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    if engine == "opensearch":
        osmem = pytest.importorskip("osmem_server", reason="pip install 'sunwi[engines]'")
        program = Path(osmem.__file__).parent / "bin" / "osmem-server"
        command = [str(program), "-addr", f"127.0.0.1:{port}", "-no-stdin-watch"]
        yield from stand_in("osmem_server", command, f"http://127.0.0.1:{port}")
        return
    noida = pytest.importorskip("noida_db", reason="pip install 'sunwi[engines]'")
    # the program itself: the command of its package is a wrapper that leaves it running when it is ended
    program = Path(noida.__file__).with_name("noida-db")
    program.chmod(0o755)  # its wheel does not say so
    command = [str(program), "start", "--only", "elasticsearch", "--host", "127.0.0.1"]
    command += ["--elasticsearch-port", str(port), "--data-dir", str(folders.mktemp("noida"))]
    yield from stand_in("noida_db", command, f"http://127.0.0.1:{port}")


@pytest.fixture
def connection(played: Played) -> Iterator[Connection]:
    yield from cleaned(connect(played.engine, 30.0, played.environment))


@pytest.fixture
def scoring(played: Played, connection: Connection) -> Connection:
    """A server whose scores mean something."""
    if not played.real:
        pytest.skip("stand-ins score otherwise, or do not know _msearch, kNN or neural_sparse")
    return connection


def cleaned(connection: Connection) -> Iterator[Connection]:
    """The connection; the test's indices are removed before and after."""
    server, _ = connection
    for _ in range(2):
        for name in (INDEX, f"{INDEX}-other", f"{INDEX}-stages-base"):
            answer = server.send("GET", f"/_alias/{name}")
            for index in sorted(answer.body) if answer.status == 200 else []:
                server.send("DELETE", f"/{index}")
        if _ == 0:
            yield connection


@pytest.fixture
def search_params() -> SearchParams:
    return SearchParams(index=INDEX, analyzer="terms", depth=5, bulk_documents=3)


@pytest.fixture
def passages(tiny_corpus: list[Document]) -> Passages:
    return Passages.of(tiny_corpus)


@pytest.fixture
def unit_vectors(passages: Passages) -> np.ndarray:
    drawn = np.random.default_rng(4).normal(size=(len(passages), 6))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float16)
