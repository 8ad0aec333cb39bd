"""Servers on loopback for the engines: stand-ins from PyPI, or a real cluster that the environment names."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sunwi.params.search import SearchParams
from sunwi.records.corpus import Document
from sunwi.search.passages import Passages
from sunwi.search.servers.connect import connect
from sunwi.search.servers.index import Dialect
from sunwi.search.servers.server import Server

Connection = tuple[Server, Dialect]


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


@pytest.fixture(scope="session")
def elasticsearch_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if real := os.environ.get("SUNWI_ELASTICSEARCH_URL"):
        yield real
        return
    noida = pytest.importorskip("noida_db", reason="pip install 'sunwi[engines]'")
    port = free_port()
    # the program itself: the command of its package is a wrapper that leaves it running when it is ended
    program = Path(noida.__file__).with_name("noida-db")
    program.chmod(0o755)  # its wheel does not say so
    folder = str(tmp_path_factory.mktemp("noida"))
    command = [str(program), "start", "--only", "elasticsearch", "--host", "127.0.0.1"]
    command += ["--elasticsearch-port", str(port), "--data-dir", folder]
    yield from stand_in("noida_db", command, f"http://127.0.0.1:{port}")


@pytest.fixture(scope="session")
def opensearch_url() -> Iterator[str]:
    if real := os.environ.get("SUNWI_OPENSEARCH_URL"):
        yield real
        return
    osmem = pytest.importorskip("osmem_server", reason="pip install 'sunwi[engines]'")
    port = free_port()
    program = Path(osmem.__file__).parent / "bin" / "osmem-server"
    command = [str(program), "-addr", f"127.0.0.1:{port}", "-no-stdin-watch"]
    yield from stand_in("osmem_server", command, f"http://127.0.0.1:{port}")


def connected(engine: str, url: str) -> Connection:
    prefix = f"SUNWI_{engine.upper()}_"
    real = {name: value for name, value in os.environ.items() if name.startswith(prefix)}
    return connect(engine, 30.0, {**real, f"{prefix}URL": url})


@pytest.fixture
def elasticsearch(elasticsearch_url: str) -> Iterator[Connection]:
    pytest.importorskip("elasticsearch")
    yield from cleaned(connected("elasticsearch", elasticsearch_url))


@pytest.fixture
def opensearch(opensearch_url: str) -> Iterator[Connection]:
    pytest.importorskip("opensearchpy")
    yield from cleaned(connected("opensearch", opensearch_url))


def cleaned(connection: Connection) -> Iterator[Connection]:
    """The connection; the test's indices are removed before and after."""
    server, _ = connection
    for _ in range(2):
        for name in ("sunwi-test", "sunwi-test-other", "sunwi-test-stages-base"):
            answer = server.send("GET", f"/_alias/{name}")
            for index in sorted(answer.body) if answer.status == 200 else []:
                server.send("DELETE", f"/{index}")
        if _ == 0:
            yield connection


@pytest.fixture
def search_params() -> SearchParams:
    return SearchParams(index="sunwi-test", analyzer="terms", depth=5, bulk_documents=3)


@pytest.fixture
def passages(tiny_corpus: list[Document]) -> Passages:
    return Passages.of(tiny_corpus)


@pytest.fixture
def unit_vectors(passages: Passages) -> np.ndarray:
    drawn = np.random.default_rng(4).normal(size=(len(passages), 6))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float16)
